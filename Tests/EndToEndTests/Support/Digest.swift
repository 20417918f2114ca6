import Foundation

/// The SHA-256 of a stream of any length, by openssl.
final class Digest {
    private let process: Process
    private let input = Pipe()
    private let output = Pipe()

    init() throws {
        process = try Program.prepare("openssl", ["dgst", "-sha256", "-r"])
        process.standardInput = input
        process.standardOutput = output
        try Program.start(process)
    }

    func update(_ bytes: [UInt8]) throws {
        try input.fileHandleForWriting.write(contentsOf: bytes)
    }

    /// The digest in hexadecimal.
    func finish() throws -> String {
        try input.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text.prefix(64), as: UTF8.self)
    }
}

/// Random bytes of any length, the same at each reading.
struct RandomStream: Sendable {
    private let chunk: [UInt8]

    init() throws {
        let source = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom"))
        chunk = Array(try source.read(upToCount: 1 << 24) ?? Data())
    }

    /// Hands out `count` bytes piece by piece.
    ///
    /// Each round of the chunk begins at another place of it, so that no piece is where it would be
    /// if one was lost or came twice.
    func read(_ count: Int, _ body: ([UInt8]) throws -> Void) rethrows {
        var left = count
        var round = 0
        while left > 0 {
            let start = round * 104_729 % chunk.count
            for part in [start..<chunk.count, 0..<start] {
                var position = part.lowerBound
                while position < part.upperBound, left > 0 {
                    let size = min(1 << 20, part.upperBound - position, left)
                    try body(Array(chunk[position..<position + size]))
                    position += size
                    left -= size
                }
            }
            round += 1
        }
    }

    /// The SHA-256 of the first `count` bytes.
    func digest(_ count: Int) throws -> String {
        let digest = try Digest()
        try read(count) { try digest.update($0) }
        return try digest.finish()
    }
}
