import Foundation
import Glibc
import Internet

/// A name server on a free port of 127.0.0.1, UDP and TCP, which answers as the test says.
final class NameServer: @unchecked Sendable {
    struct Question: Hashable, Sendable {
        let id: UInt16
        let name: String
        let isAAAA: Bool
        var isTCP = false
    }

    indirect enum Answer: Sendable {
        /// The addresses of both families, of which those that were asked for are sent, to be kept
        /// for `ttl` seconds.
        case addresses([String], ttl: UInt32 = 0)
        /// The name is another's alias, and so on; the addresses are those of the last name.
        case alias([String], [String])
        /// Addresses of another name than the one that was asked for.
        case others(String, [String])
        /// A response code without an address.
        case code(UInt8)
        case silence
        /// By UDP it doesn't fit, though one address does; by TCP it comes whole.
        case tooLong(String, Answer)

        static let noSuchName = Answer.code(3)
        static let serverFailure = Answer.code(2)
    }

    let endpoint: Endpoint
    private let descriptor: Int32
    private let answer: @Sendable (Question) -> Answer
    private let lock = NSLock()
    private var asked: [Question] = []
    private var sources: Set<UInt16> = []

    private let streams: Int32

    /// Answers each question by what `answer` says, one after the other; it may wait.
    init(
        at wished: Endpoint = Endpoint(Address(v4: 0x7f00_0001), port: 0),
        _ answer: @escaping @Sendable (Question) -> Answer
    ) throws {
        (descriptor, streams, endpoint) = try Self.makeSockets(wished)
        self.answer = answer
        let (descriptor, streams) = (descriptor, streams)
        Foundation.Thread.detachNewThread { [weak self] in
            while Self.serve(descriptor, { self?.take($0, from: $1) ?? .silence }) {}
            close(descriptor)
        }
        Foundation.Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(streams, nil, nil)
                guard client >= 0 else { break }
                Self.serve(Stream(client)) { self?.take($0) ?? .silence }
            }
            close(streams)
        }
    }

    deinit {
        // Wakes the threads, which close them.
        shutdown(descriptor, Int32(SHUT_RDWR))
        shutdown(streams, Int32(SHUT_RDWR))
    }

    /// A socket for datagrams and a listener, both on the same port; port 0 takes a free one.
    private static func makeSockets(_ wished: Endpoint) throws -> (Int32, Int32, Endpoint) {
        while true {
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let streams = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            try bind(datagrams, wished)
            let endpoint = Endpoint(wished.address, port: SocketName.port(of: datagrams))
            if (try? bind(streams, endpoint)) != nil, listen(streams, 16) == 0 {
                return (datagrams, streams, endpoint)
            }
            close(datagrams)
            close(streams)
        }
    }

    private static func bind(_ descriptor: Int32, _ endpoint: Endpoint) throws {
        let status = unsafe SocketName.withPointer(endpoint) { pointer, size in
            unsafe Glibc.bind(descriptor, pointer, size)
        }
        guard status == 0 else { throw Stream.Failure(call: "bind", code: errno) }
    }

    /// Flags of a culvert that asks it, and it alone.
    var flags: [String] { ["--name-server", "\(endpoint)", "--hosts-file", "off"] }

    /// All questions so far.
    var questions: [Question] { lock.withLock { asked } }

    /// The ports from which they came by UDP.
    var ports: Set<UInt16> { lock.withLock { sources } }

    private func take(_ question: Question, from port: UInt16? = nil) -> Answer {
        lock.withLock {
            asked.append(question)
            if let port { sources.insert(port) }
        }
        return answer(question)
    }

    /// Answers one question, which is told with its port; false if there are no more.
    private static func serve(_ descriptor: Int32, _ answer: (Question, UInt16) -> Answer) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 2048)
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
                let count = unsafe recvfrom(descriptor, &bytes, bytes.count, 0, sender, &length)
                guard count > 0 else { return false }
                guard let message = DNSMessage(question: Array(bytes.prefix(count))) else {
                    return true
                }
                let port = unsafe UInt16(bigEndian: pointer.pointee.sin_port)
                let reply = message.reply(answer(message.question, port))
                guard !reply.isEmpty else { return true }
                _ = unsafe sendto(descriptor, reply, reply.count, 0, sender, length)
                return true
            }
        }
    }

    /// Answers the questions of one connection.
    private static func serve(_ stream: Stream, _ answer: (Question) -> Answer) {
        while let front = try? stream.receive(exactly: 2),
            let bytes = try? stream.receive(exactly: Int(front[0]) << 8 + Int(front[1])),
            let message = DNSMessage(question: bytes, isTCP: true)
        {
            let reply = message.reply(answer(message.question))
            guard !reply.isEmpty else { continue }
            let size = [UInt8(reply.count >> 8), UInt8(reply.count & 0xff)]
            guard (try? stream.send(size + reply)) != nil else { return }
        }
    }
}
