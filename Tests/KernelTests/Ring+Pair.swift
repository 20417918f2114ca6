import Internet
import Kernel
import Testing

extension Ring {
    /// The next completion, which has to come within some seconds.
    mutating func next() throws -> Completion {
        for _ in 0..<50 {
            if let completion = nextCompletion() { return completion }
            submitAndWait(count: 1, gatherMicroseconds: 0, until: now() + 100_000_000)
        }
        throw SystemError("no completion", code: Errno.expired)
    }

    /// A connected pair of sockets: the accepted one, whose room the `options` limit, and the
    /// dialling one.
    mutating func connectedPair(
        _ options: SocketOptions = SocketOptions()
    ) throws -> (server: Int32, client: Int32) {
        let loopback = Endpoint(Address(v4: 0x7f00_0001), port: 0)
        let listener = try Socket.listen(on: loopback, backlog: 8, options: options)
        let endpoint = try #require(Socket.localEndpoint(of: listener))
        accept(on: listener, token: 1)
        let client = makeSocket(.v4, source: nil, options: options)
        connect(client, to: endpoint, token: 2)
        var server: Int32 = -1
        for _ in 0..<2 {
            let completion = try next()
            if completion.token == 1 { server = completion.result }
        }
        cancel(1, token: 3)
        for _ in 0..<2 { _ = try next() }
        Socket.close(listener)
        return (server, client)
    }

    /// Such a pair of which the client has sent FIN, and can send nothing more.
    mutating func halfClosedPair() throws -> (server: Int32, client: Int32) {
        let pair = try connectedPair()
        try #require(shutdownSending(pair.client) == 0)
        return pair
    }
}
