import Connect
import Foundation

/// Bytes of ClientHellos: captured ones, and ones made to measure.
enum Hello {
    /// A ClientHello that a client has sent, and what it says.
    struct Captured: CustomStringConvertible, Sendable {
        let client: String
        let isEncrypted: Bool
        let bytes: [UInt8]

        var description: String { client }

        init(_ client: String, isEncrypted: Bool = false) {
            self.client = client
            self.isEncrypted = isEncrypted
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
            let file = folder.appending(path: "../Fuzz/corpus/hello/\(client)")
            bytes = (try? Data(contentsOf: file)).map(Array.init) ?? []
        }
    }

    /// Those of current clients, which all asked for tls.example.
    ///
    /// Post-quantum key shares make those of Chromium, Go and OpenSSL 3.5 longer than a segment.
    static let captured = [
        Captured("openssl-3.0"), Captured("openssl-3.5"), Captured("curl"), Captured("python"),
        Captured("gnutls"), Captured("java"), Captured("go"),
        Captured("chromium", isEncrypted: true),
    ]

    // MARK: Making

    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// `bytes` behind their length, which takes `size` bytes.
    static func vector(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        number(bytes.count, size) + bytes
    }

    static func serverName(_ names: [[UInt8]], type: UInt8 = 0) -> [UInt8] {
        [0, 0] + vector(vector(names.flatMap { [type] + vector($0, 2) }, 2), 2)
    }

    static func serverName(_ name: String) -> [UInt8] { serverName([Array(name.utf8)]) }

    static func encrypted(type: UInt8 = 0, tail: [UInt8] = []) -> [UInt8] {
        let body = [type, 0, 1, 0, 1, 7] + vector([1, 2, 3], 2) + vector([4, 5], 2) + tail
        return [0xfe, 0x0d] + vector(body, 2)
    }

    /// A ClientHello message with these parts.
    static func message(
        version: [UInt8] = [3, 3],
        session: [UInt8] = [],
        suites: [UInt8] = [0x13, 1],
        methods: [UInt8] = [0],
        extensions: [[UInt8]]? = [],
        tail: [UInt8] = []
    ) -> [UInt8] {
        var body = version + [UInt8](repeating: 9, count: 32)
        body += vector(session, 1) + vector(suites, 2) + vector(methods, 1)
        if let extensions { body += vector(extensions.flatMap(\.self), 2) }
        return [1] + vector(body + tail, 3)
    }

    /// `message` in records of at most `size` bytes.
    static func records(_ message: [UInt8], of size: Int = 16384) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(Array(message[start..<min(start + size, message.count)]), 2)
        }
    }

    /// The message that `records` hold.
    static func message(in records: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        var rest = records[...]
        while rest.count >= 5 {
            let count = Int(rest[rest.startIndex + 3]) << 8 | Int(rest[rest.startIndex + 4])
            message += rest.dropFirst(5).prefix(count)
            rest = rest.dropFirst(5 + count)
        }
        return message
    }
}
