internal import Internet
internal import Load

extension Route {
    /// Its kind in a word.
    var name: String {
        switch self {
        case .proxy: "proxy"
        case .relay: "relay"
        case .direct: "direct"
        }
    }

    /// The address that it leads through.
    var target: String? {
        switch self {
        case .proxy(let endpoint), .relay(let endpoint): "\(endpoint)"
        case .direct: nil
        }
    }
}
