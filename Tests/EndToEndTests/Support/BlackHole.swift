import Glibc
import Internet

/// An endpoint that answers no handshake: the backlog of its listener is full.
final class BlackHole: Sendable {
    private let listener: Int32
    private let fillers: [Int32]
    let endpoint: Endpoint

    /// The endpoint at `port` of `address`; port 0 takes a free one.
    init(_ address: String = "127.0.0.7", port: UInt16 = 0) throws {
        let wished = Endpoint(Address(address) ?? Address(v4: 0x7f00_0007), port: port)
        let listener = SocketName.makeSocket(wished)
        guard unsafe SocketName.withPointer(wished, { unsafe bind(listener, $0, $1) }) == 0,
            listen(listener, 0) == 0
        else { throw Stream.Failure(call: "bind or listen", code: errno) }
        let endpoint = Endpoint(wished.address, port: SocketName.port(of: listener))
        var fillers: [Int32] = []
        // One connection fits; those behind it are never answered.
        for _ in 0..<4 {
            let filler = SocketName.makeSocket(endpoint)
            _ = fcntl(filler, F_SETFL, O_NONBLOCK)
            _ = unsafe SocketName.withPointer(endpoint) { unsafe connect(filler, $0, $1) }
            fillers.append(filler)
        }
        self.listener = listener
        self.endpoint = endpoint
        self.fillers = fillers
    }

    deinit {
        for descriptor in fillers + [listener] { close(descriptor) }
    }

    var authority: String { "\(endpoint)" }
}
