import Kernel
import TLS
import Testing

/// TLS between two ends in memory.
@Suite final class SecureSessionTests {
    private let memory: Blocks
    private let origin: SecureContext

    init() throws {
        memory = try Blocks(count: 3, blockSize: 16384)
        origin = try SecureContext(originOf: "test")
    }

    private func ends(
        clientOf trusted: SecureContext?
    ) throws -> (client: SecureSession, origin: SecureSession) {
        let client = try #require(SecureSession(SecureContext(clientOf: trusted)))
        return (client, try #require(SecureSession(origin)))
    }

    /// Has both ends talk until neither has more to say; what each read last.
    private func talk(
        _ ends: (client: SecureSession, origin: SecureSession)
    ) -> (client: SecureSession.Reading, origin: SecureSession.Reading) {
        var last: (SecureSession.Reading, SecureSession.Reading) = (.nothing, .nothing)
        for _ in 0..<8 {
            if last.0 == .nothing { last.0 = ends.client.read(into: memory[1]) }
            carry(from: ends.client, to: ends.origin)
            if last.1 == .nothing { last.1 = ends.origin.read(into: memory[2]) }
            carry(from: ends.origin, to: ends.client)
        }
        return last
    }

    /// Carries what `source` has to say to `sink`, and keeps a copy of it in the first block.
    private func carry(from source: SecureSession, to sink: SecureSession) {
        let count = source.takeUnsent(into: memory[0])
        if count > 0 { sink.feed(memory[0].part(0..<count)) }
    }

    private func fill(_ block: Int, _ text: String) -> Extent {
        for (index, byte) in text.utf8.enumerated() { memory[block][index] = byte }
        return memory[block].part(0..<text.utf8.count)
    }

    @Test func `a stream goes both ways, and not as it is`() throws {
        let ends = try ends(clientOf: origin)
        #expect(talk(ends) == (.nothing, .nothing))
        #expect(ends.client.isReady && ends.origin.isReady)
        let bytes = fill(1, "a word that nobody else may read")
        #expect(ends.client.write(bytes) == bytes.count)
        let count = ends.client.takeUnsent(into: memory[0])
        let sealed = (0..<count).map { memory[0][$0] }
        #expect(sealed.prefix(3) == [23, 3, 3])
        #expect(!sealed.contains(subsequence: (0..<4).map { bytes[$0] }))
        ends.origin.feed(memory[0].part(0..<count))
        #expect(ends.origin.read(into: memory[2]) == .bytes(bytes.count))
        #expect(memory[2].firstDifference(from: memory[1]).map { $0 >= bytes.count } ?? true)
    }

    @Test func `one end may end before the other`() throws {
        let ends = try ends(clientOf: origin)
        _ = talk(ends)
        ends.client.writeEnd()
        carry(from: ends.client, to: ends.origin)
        #expect(!ends.origin.hasReadEnd)
        #expect(ends.origin.read(into: memory[2]) == .nothing)
        #expect(ends.origin.hasReadEnd && !ends.client.hasReadEnd)
        #expect(ends.origin.write(fill(2, "more")) == 4)
        carry(from: ends.origin, to: ends.client)
        #expect(ends.client.read(into: memory[1]) == .bytes(4))
    }

    @Test func `bytes behind the end are a failure`() throws {
        let ends = try ends(clientOf: origin)
        _ = talk(ends)
        ends.client.writeEnd()
        carry(from: ends.client, to: ends.origin)
        #expect(ends.origin.read(into: memory[2]) == .nothing)
        ends.origin.feed(fill(1, "x"))
        #expect(ends.origin.read(into: memory[2]) == .failed("bytes behind the end"))
    }

    @Test func `a client trusts no other origin than its own`() throws {
        let other = try SecureContext(originOf: "test")
        let ends = try ends(clientOf: other)
        guard case .failed(let reason) = talk(ends).client else {
            Issue.record("it trusts an impostor")
            return
        }
        #expect(reason == "certificate verify failed")
        #expect(!ends.client.isReady)
    }

    @Test func `a client without an origin of its own trusts whoever answers`() throws {
        let ends = try ends(clientOf: nil)
        #expect(talk(ends) == (.nothing, .nothing))
        #expect(ends.client.isReady)
    }

    @Test func `a byte that is changed on the way is a failure`() throws {
        let ends = try ends(clientOf: origin)
        _ = talk(ends)
        _ = ends.client.write(fill(1, "word"))
        let count = ends.client.takeUnsent(into: memory[0])
        memory[0][count - 1] ^= 1
        ends.origin.feed(memory[0].part(0..<count))
        guard case .failed = ends.origin.read(into: memory[2]) else {
            Issue.record("it took the byte")
            return
        }
    }
}

extension Array where Element: Equatable {
    fileprivate func contains(subsequence other: [Element]) -> Bool {
        indices.contains { self[$0...].starts(with: other) }
    }
}
