import Glibc
import Kernel
import Proxy

/// What tunnels lead to: it sends back whatever it gets, and ends when the other side ends.
///
/// Each of its threads serves one connection after the other.
final class Origin: Sendable {
    private static let threadCount = 8
    private static let chunk = 1 << 18

    let port: UInt16
    private let listener: Int32
    private let threads: [ThreadBox]

    init() throws {
        let (listener, port) = Loopback.bound(SOCK_STREAM)
        guard listen(listener, 128) == 0 else { throw SystemError("listen", code: errno) }
        self.listener = listener
        self.port = port
        var threads: [ThreadBox] = []
        for index in 0..<Origin.threadCount {
            threads.append(try ThreadBox("origin-\(index)") { Origin.serve(listener) })
        }
        self.threads = threads
    }

    /// Ends when no more connections are served.
    func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        for thread in threads { thread.join() }
        close(listener)
    }

    private static func serve(_ listener: Int32) {
        var bytes = [UInt8](repeating: 0, count: chunk)
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            let peer = Peer(descriptor)
            // An error is the end of the connection, as a reset client means it to be.
            while let count = try? peer.receive(into: &bytes), count > 0 {
                guard (try? peer.send(bytes, count: count)) != nil else { break }
            }
            peer.finish()
        }
    }
}
