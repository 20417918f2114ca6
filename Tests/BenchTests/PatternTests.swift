import Kernel
import Load
import Testing

@Suite struct PatternTests {
    private static let text = try? PatternText()

    private func bytes(_ extent: Extent) -> [UInt8] {
        extent.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    @Test func `a stream goes round the text without a seam`() throws {
        let pattern = try #require(Self.text).pattern
        let start = UInt32(Pattern.length - 10)
        let seam = bytes(pattern.slice(start: start, position: 0, count: 30))
        let before = bytes(pattern.slice(start: start, position: 0, count: 10))
        let after = bytes(pattern.slice(start: 0, position: 0, count: 20))
        #expect(seam == before + after)
        let later = bytes(pattern.slice(start: start, position: Pattern.length * 7 + 10, count: 20))
        #expect(later == after)
    }

    @Test func `the first byte that differs is found, wherever it is`() throws {
        let pattern = try #require(Self.text).pattern
        let memory = try Blocks(count: 1, blockSize: 1000)
        for place in [0, 1, 15, 16, 500, 983, 984, 999] {
            pattern.slice(start: 5, position: 77, count: 1000).copy(to: memory[0])
            #expect(pattern.firstDifference(memory[0], start: 5, position: 77) == nil)
            memory[0][place] ^= 0x80
            #expect(pattern.firstDifference(memory[0], start: 5, position: 77) == place)
        }
    }

    @Test(arguments: [1, 2, 64, 4096, 65536, 262_144, 1 << 20])
    func `bytes that are shifted are found at the edges`(shift: UInt64) throws {
        let pattern = try #require(Self.text).pattern
        let bytes = pattern.slice(start: 9, position: 100 + shift, count: 5000)
        #expect(pattern.firstShift(bytes, start: 9, position: 100 + shift) == nil)
        #expect(pattern.firstShift(bytes, start: 9, position: 100) != nil)
        let tail = pattern.slice(start: 9, position: 100, count: 1)
        #expect(pattern.firstShift(tail, start: 9, position: 100) == nil)
    }
}
