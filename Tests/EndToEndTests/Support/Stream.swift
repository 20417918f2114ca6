import Glibc
import Internet
import Testing

/// A connected TCP socket that a test reads and writes with waiting calls.
///
/// No call waits for more than half a minute: a test fails rather than hangs.
final class Stream: @unchecked Sendable {
    /// A call that failed.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32
        var description: String { unsafe "\(call): \(String(cString: strerror(code)))" }
    }

    /// How a stream ended.
    enum End: Equatable {
        case fin
        case reset
    }

    private(set) var descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        setPatience(seconds: 30)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    /// No call waits for more than `seconds`.
    func setPatience(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    /// Connects to `endpoint`, from the address `source` if there is one; with `receiveBuffer`
    /// bytes of SO_RCVBUF, unless that is 0.
    convenience init(
        to endpoint: Endpoint,
        from source: String? = nil,
        receiveBuffer: Int32 = 0
    ) throws {
        let descriptor = SocketName.makeSocket(endpoint)
        if let address = source.flatMap({ Address($0) }) {
            let own = Endpoint(address, port: 0)
            _ = unsafe SocketName.withPointer(own) { unsafe bind(descriptor, $0, $1) }
        }
        if receiveBuffer > 0 {
            var size = receiveBuffer
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        let status = unsafe SocketName.withPointer(endpoint) { unsafe connect(descriptor, $0, $1) }
        guard status == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure(call: "connect", code: code)
        }
        self.init(descriptor)
    }

    deinit { close() }

    // MARK: Sending

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { memory in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: memory[sent...])
                return unsafe Glibc.send(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends FIN.
    func finish() throws {
        guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else {
            throw Failure(call: "shutdown", code: errno)
        }
    }

    /// Waits until the other end's kernel has taken all that was sent; nothing tells when that is.
    func awaitAcknowledgement() throws {
        for _ in 0..<5000 {
            var count: Int32 = 0
            guard unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 else {
                throw Failure(call: "ioctl", code: errno)
            }
            if count == 0 { return }
            usleep(1000)
        }
        throw Failure(call: "waiting for an acknowledgement", code: ETIMEDOUT)
    }

    /// Closes with RST.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &option,
            socklen_t(MemoryLayout<linger>.size)
        )
        close()
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    // MARK: Receiving

    /// Up to `count` bytes, as soon as there are any; none at the end.
    func receive(_ count: Int = 65536) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { memory, initialized in
            let received = unsafe recv(descriptor, memory.baseAddress, count, 0)
            guard received >= 0 else { throw Failure(call: "recv", code: errno) }
            initialized = received
        }
    }

    /// Exactly `count` bytes.
    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive(count - bytes.count)
            guard !more.isEmpty else { throw Failure(call: "recv before FIN", code: 0) }
            bytes += more
        }
        return bytes
    }

    /// All bytes up to the end, and how the stream ended.
    func receiveToEnd() throws -> (bytes: [UInt8], end: End) {
        var bytes: [UInt8] = []
        while true {
            do {
                let more = try receive()
                guard !more.isEmpty else { return (bytes, .fin) }
                bytes += more
            } catch let failure as Failure where failure.code == ECONNRESET {
                return (bytes, .reset)
            }
        }
    }

    /// The text up to and with the empty line that ends a head; not a byte more.
    func receiveHead() throws -> String {
        var bytes: [UInt8] = []
        while !bytes.ends(with: "\r\n\r\n") {
            let byte = try receive(1)
            guard !byte.isEmpty else { break }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
