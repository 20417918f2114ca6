package import Internet
internal import Kernel

/// The name servers that the system names in `/etc/resolv.conf`.
///
/// The look-up library reads that file too, but where it can't, it asks a server on this machine,
/// and says nothing of it. It is left to it only where nothing is found here at the start.
package enum SystemServers {
    private static var path: String { "/etc/resolv.conf" }
    /// Bytes of the file that are read, at most.
    private static var byteCountMax: Int { 1 << 20 }
    private static var port: UInt16 { 53 }

    /// The servers of the file; none if it can't be read.
    ///
    /// Blocks.
    static func read() -> [Endpoint] {
        guard let text = try? SystemFile.bytes(path, atMost: byteCountMax) else { return [] }
        return servers(in: text)
    }

    /// The servers that `text` names: what can't be read is skipped, as everywhere.
    package static func servers(in text: [UInt8]) -> [Endpoint] {
        var servers: [Endpoint] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.prefix { !isComment($0) }.split(whereSeparator: isSeparator)
            guard let first = words.first, first.elementsEqual("nameserver".utf8) else { continue }
            for word in words.dropFirst() {
                guard let address = Address(String(decoding: word, as: UTF8.self)) else { continue }
                servers.append(Endpoint(address, port: port))
            }
        }
        return servers
    }

    private static func isComment(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";")
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ",")]
            .contains(byte)
    }
}
