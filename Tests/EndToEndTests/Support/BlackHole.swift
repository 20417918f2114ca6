import Internet

/// An endpoint that answers no handshake, as behind a firewall that drops what it doesn't like.
///
/// One connection fits into the backlog of its listener, and nobody accepts it.
final class BlackHole: Sendable {
    private let origin: Origin
    private let waiting: Stream

    /// The endpoint at `port` of `address`; port 0 takes a free one.
    init(_ address: String = "127.0.0.7", port: UInt16 = 0) throws {
        origin = try Origin(address, port: port, backlog: 0)
        waiting = try Stream(to: origin.endpoint)
    }

    var endpoint: Endpoint { origin.endpoint }

    var authority: String { origin.authority }

    /// Lets whoever still tries to connect in: the connections that have waited.
    ///
    /// A client tries again after a second, then after two more, and so on.
    func open() throws -> [Stream] { try origin.acceptWaiting() }

    /// The next one who gets in, once it is open.
    func accept() throws -> Stream { try origin.accept() }
}
