import Glibc
import Internet
import Kernel

/// A blocking TCP socket on loopback.
///
/// Its calls fail after a while instead of hanging.
final class Peer: Sendable {
    private static let secondsMax = 60

    let descriptor: Int32

    /// Takes over a connected socket.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Peer.secondsMax, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var isOn: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, 4)
    }

    /// Connects to `port` of 127.0.0.1.
    convenience init(port: UInt16) throws {
        self.init(Loopback.makeSocket(SOCK_STREAM))
        let status = unsafe Loopback.withAddress(port) { address, length in
            unsafe connect(descriptor, address, length)
        }
        guard status == 0 else { throw SystemError("connect", code: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Sends all of `bytes`.
    func send(_ bytes: [UInt8]) throws {
        try send(bytes, count: bytes.count)
    }

    /// Sends the first `count` of `bytes`.
    func send(_ bytes: [UInt8], count: Int) throws {
        var sent = 0
        while sent < count {
            let result = unsafe bytes.withUnsafeBytes { memory in
                let rest = unsafe memory.baseAddress.map { unsafe $0 + sent }
                let flags = Int32(MSG_NOSIGNAL)
                return unsafe Glibc.send(descriptor, rest, count - sent, flags)
            }
            guard result > 0 else { throw SystemError("send", code: errno) }
            sent += result
        }
    }

    /// Receives some bytes into `bytes`; how many, and none once the other side has ended.
    func receive(into bytes: inout [UInt8]) throws -> Int {
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SystemError("recv", code: errno) }
        return count
    }

    /// Fills `bytes` with what comes next.
    func fill(_ bytes: inout [UInt8]) throws {
        let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_WAITALL))
        guard count == bytes.count else { throw SystemError("recv", code: errno) }
    }

    /// Receives `bytes` and nothing else.
    func expect(_ bytes: [UInt8]) throws {
        var found = bytes
        try fill(&found)
        guard found == bytes else { throw Surprise(bytes: found) }
    }

    /// Receives until the other side has ended.
    func expectEnd() throws {
        var rest = [UInt8](repeating: 0, count: 1024)
        while try receive(into: &rest) > 0 {}
    }

    /// Receives until the other side has reset the connection.
    func expectReset() throws {
        do {
            try expectEnd()
        } catch let error as SystemError where error.code == ECONNRESET {
            return
        }
        throw Surprise(bytes: Array("FIN".utf8))
    }

    /// Ends sending.
    func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Lets the coming close be a reset.
    func makeAbortive() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    }
}

/// Bytes that weren't expected.
struct Surprise: Error, CustomStringConvertible {
    let bytes: [UInt8]

    var description: String { String(decoding: bytes, as: UTF8.self) }
}
