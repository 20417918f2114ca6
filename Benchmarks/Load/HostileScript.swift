internal import Internet
internal import Kernel

/// What hostile clients do.
struct HostileScript: Sendable {
    /// The proxy that they are hostile to.
    var proxy: Endpoint
    /// An origin of their own, whose complaints nobody hears.
    var origin: Endpoint
    /// Whom the proxy is told that the clients are, if it is told.
    var credentials: Credentials?
    /// The behaviours, which are dealt out in turn.
    var kinds: [Hostility]
    /// Clients at once.
    var count: Int
    /// Nanoseconds between two octets of a slow head, two reads of a slow reader, and two clients
    /// in one place.
    var interval: UInt64
    var seed: UInt64

    /// Bytes of an oversized head, after which it is given up.
    static var oversize: Int { 4 << 20 }
    /// Bytes of one send of fields.
    static var fillSize: Int { 16384 }

    /// Which of the places are for `kind`.
    func place(of kind: Hostility) -> Int? { kinds.firstIndex(of: kind) }

    /// A head but for its end.
    var begunHead: String { begunHead(credentials?.field(0) ?? "") }

    /// A head with a wrong password, which is another for each `number`.
    func guess(_ number: UInt64) -> String {
        begunHead((credentials ?? Credentials("user:"))?.guess(number) ?? "") + "\r\n"
    }

    private func begunHead(_ fields: String) -> String {
        "CONNECT \(origin) HTTP/1.1\r\nHost: \(origin)\r\n\(fields)"
    }
}
