package import Internet

/// How a tunnel reaches the origin.
package enum Route: Equatable, Sendable {
    /// Asks the proxy there to CONNECT.
    case proxy(Endpoint)
    /// Connects to the origin itself.
    case direct
    /// Connects to a relay there that knows where the origin is.
    case relay(Endpoint)

    /// Which of a host's `addresses` is connected to: the first, but where that is this machine
    /// itself, the first of IPv4, since a proxy may listen on that alone.
    package static func choice(among addresses: [Address]) -> Address? {
        guard let first = addresses.first, first.isLoopback else { return addresses.first }
        return addresses.first { $0.isLoopback && $0.family == .v4 } ?? first
    }
}
