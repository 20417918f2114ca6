import Glibc
import Internet

/// A name server on a port of 127.0.0.1, UDP and TCP, that does as the test says.
///
/// It has no thread: the test's loop polls its sockets beside those of the resolver, so that what
/// happens first is never a matter of luck.
final class FakeServer {
    /// What to do about a question.
    enum Reaction {
        case reply(Message)
        case raw([UInt8])
        /// Keep the answer until `sendHeld`.
        case hold(Message)
        case silence
    }

    private enum Route {
        case datagram(sockaddr_in)
        case stream(Int32)
    }

    let port: UInt16
    /// All questions so far, in the order in which they came.
    private(set) var questions: [Question] = []
    /// The source port of the last question by UDP.
    private(set) var lastSourcePort: UInt16 = 0
    /// How many TCP connections the resolver ended.
    private(set) var endedStreams = 0
    private let react: (Question) -> Reaction
    private let datagrams: Int32
    private let listener: Int32
    private var streams: [Int32] = []
    private var held: [(Question, Message, Route)] = []

    init(_ react: @escaping (Question) -> Reaction) {
        self.react = react
        while true {
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let port = FakeServer.bind(datagrams, 0) ?? 0
            if FakeServer.bind(listener, port) != nil, listen(listener, 16) == 0 {
                self.datagrams = datagrams
                self.listener = listener
                self.port = port
                return
            }
            close(datagrams)
            close(listener)
        }
    }

    deinit {
        for descriptor in streams + [datagrams, listener] { close(descriptor) }
    }

    /// The descriptors to poll for reading.
    var descriptors: [Int32] { [datagrams, listener] + streams }

    /// Binds to `port` of 127.0.0.1; the port bound, or nil if it is taken.
    static func bind(_ descriptor: Int32, _ port: UInt16) -> UInt16? {
        var address = loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard unsafe Glibc.bind(descriptor, generic, length) == 0 else { return nil }
                unsafe getsockname(descriptor, generic, &length)
                return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// Reads from a descriptor that is ready, and reacts.
    func isReady(_ descriptor: Int32) {
        if descriptor == datagrams {
            receiveDatagram()
        } else if descriptor == listener {
            streams.append(accept(listener, nil, nil))
        } else {
            receiveStream(descriptor)
        }
    }

    /// Sends the answers that were held, the last question's first.
    func sendHeld() {
        for (question, message, route) in held.reversed() {
            send(message.bytes(for: question), route)
        }
        held = []
    }

    private func receiveDatagram() {
        var bytes = [UInt8](repeating: 0, count: 2048)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe recvfrom(datagrams, &bytes, bytes.count, 0, generic, &length)
            }
        }
        guard let question = Question(Array(bytes.prefix(max(0, count))), isTCP: false) else {
            return
        }
        lastSourcePort = UInt16(bigEndian: address.sin_port)
        handle(question, .datagram(address))
    }

    private func receiveStream(_ descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        guard count > 2 else {
            streams.removeAll { $0 == descriptor }
            close(descriptor)
            endedStreams += 1
            return
        }
        // Each question comes in a piece of its own on loopback, or right behind another.
        var start = 0
        while start + 2 < count {
            let end = start + 2 + Int(bytes[start]) << 8 + Int(bytes[start + 1])
            guard let question = Question(Array(bytes[start + 2..<end]), isTCP: true) else {
                return
            }
            handle(question, .stream(descriptor))
            start = end
        }
    }

    private func handle(_ question: Question, _ route: Route) {
        questions.append(question)
        switch react(question) {
        case .reply(let message): send(message.bytes(for: question), route)
        case .raw(let bytes): send(big(question.id) + bytes, route)
        case .hold(let message): held.append((question, message, route))
        case .silence: break
        }
    }

    private func send(_ bytes: [UInt8], _ route: Route) {
        switch route {
        case .datagram(var address):
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
                    _ = unsafe sendto(datagrams, bytes, bytes.count, 0, generic, length)
                }
            }
        case .stream(let descriptor):
            let framed = big(UInt16(bytes.count)) + bytes
            let flags = Int32(MSG_NOSIGNAL)
            _ = unsafe Glibc.send(descriptor, framed, framed.count, flags)
        }
    }
}
