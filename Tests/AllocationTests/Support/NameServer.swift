import Glibc
import Kernel
import Proxy

/// A name server by UDP: every name has the address 127.0.0.1, and no other, for an hour.
final class NameServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let thread: ThreadBox

    init() throws {
        let (descriptor, port) = Loopback.bound(SOCK_DGRAM)
        thread = try ThreadBox("names") { NameServer.serve(descriptor) }
        self.descriptor = descriptor
        self.port = port
    }

    /// Ends its thread, by a question without a byte.
    func end() {
        _ = unsafe Loopback.withAddress(port) { address, length in
            Int32(unsafe sendto(descriptor, nil, 0, 0, address, length))
        }
        thread.join()
        close(descriptor)
    }

    private static func serve(_ descriptor: Int32) {
        while answerNext(descriptor) {}
    }

    /// Whether there was a question.
    private static func answerNext(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 512)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let count = unsafe recvfrom(descriptor, &bytes, bytes.count, 0, generic, &length)
                guard let answer = answer(to: bytes.prefix(max(count, 0))) else { return false }
                unsafe sendto(descriptor, answer, answer.count, 0, generic, length)
                return true
            }
        }
    }

    /// The answer to a question of one name; nil if there is none.
    private static func answer(to question: ArraySlice<UInt8>) -> [UInt8]? {
        let header = 12
        guard question.count > header,
            let root = question[header...].firstIndex(of: 0), root + 4 < question.count
        else { return nil }
        let isA = question[root + 2] == 1
        let counts: [UInt8] = isA ? [0, 1, 0, 1, 0, 0, 0, 0] : [0, 1, 0, 0, 0, 1, 0, 0]
        let section = question[header...root + 4]
        // The name of the question; A, IN, 3600 s, four bytes.
        let address: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 127, 0, 0, 1]
        // The root; SOA, IN, 60 s, 22 bytes: two roots, and five numbers of which the last counts.
        let authority: [UInt8] =
            [0, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0] + Array(repeating: 0, count: 19) + [60]
        let record = isA ? address : authority
        return Array(question.prefix(2)) + [0x85, 0x80] + counts + section + record
    }
}
