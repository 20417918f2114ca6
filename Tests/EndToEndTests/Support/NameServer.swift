import Foundation
import Glibc
import Internet

/// A name server on a free UDP port of 127.0.0.1, which answers as the test says.
final class NameServer: @unchecked Sendable {
    struct Question: Hashable, Sendable {
        let id: UInt16
        let name: String
        let isAAAA: Bool
    }

    enum Answer: Sendable {
        /// The addresses of both families, of which those that were asked for are sent.
        case addresses([String])
        /// A response code without an address.
        case code(UInt8)
        case silence

        static let noSuchName = Answer.code(3)
        static let serverFailure = Answer.code(2)
    }

    let endpoint: Endpoint
    private let descriptor: Int32
    private let answer: @Sendable (Question) -> Answer
    private let lock = NSLock()
    private var asked: [Question] = []

    /// Answers each question by what `answer` says, one after the other; it may wait.
    init(_ answer: @escaping @Sendable (Question) -> Answer) throws {
        let loopback = Address(v4: 0x7f00_0001)
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, type, 0)
        let wished = Endpoint(loopback, port: 0)
        let descriptor = descriptor
        let status = unsafe SocketName.withPointer(wished) { unsafe bind(descriptor, $0, $1) }
        guard status == 0 else { throw Stream.Failure(call: "bind", code: errno) }
        endpoint = Endpoint(loopback, port: SocketName.port(of: descriptor))
        self.answer = answer
        Foundation.Thread.detachNewThread { [weak self] in
            while Self.serve(descriptor, { self?.take($0) ?? .silence }) {}
            close(descriptor)
        }
    }

    deinit {
        // Wakes the thread, which closes it.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Flags of a culvert that asks it, and it alone.
    var flags: [String] { ["--name-server", "\(endpoint)", "--hosts-file", "off"] }

    /// All questions so far.
    var questions: [Question] { lock.withLock { asked } }

    private func take(_ question: Question) -> Answer {
        lock.withLock { asked.append(question) }
        return answer(question)
    }

    /// Answers one question; false if there are no more.
    private static func serve(_ descriptor: Int32, _ answer: (Question) -> Answer) -> Bool {
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
                let reply = message.reply(answer(message.question))
                guard !reply.isEmpty else { return true }
                _ = unsafe sendto(descriptor, reply, reply.count, 0, sender, length)
                return true
            }
        }
    }
}
