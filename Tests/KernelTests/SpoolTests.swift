import Kernel
import Testing

@Suite struct SpoolTests {
    private func record(_ byte: UInt8, _ count: Int) throws -> Blocks {
        let blocks = try Blocks(count: 1, blockSize: 8192)
        for index in 0..<count { blocks[0][index] = byte }
        return blocks
    }

    @Test func `records come out as they went in, round the end of the memory`() throws {
        let spool = try Spool(capacity: 4096)
        var expected: [UInt8] = []
        var actual: [UInt8] = []
        for round in 0..<50 {
            let byte = UInt8(round)
            let blocks = try record(byte, 1000)
            #expect(spool.push(blocks[0], count: 1000))
            expected += Array(repeating: byte, count: 1000)
            while let extent = spool.peek() {
                for index in 0..<extent.count { actual.append(extent[index]) }
                spool.drop(extent.count)
            }
        }
        #expect(actual == expected)
    }

    @Test func `a record that doesn't fit is refused whole`() throws {
        let spool = try Spool(capacity: 4096)
        let blocks = try record(1, 4000)
        #expect(spool.push(blocks[0], count: 4000))
        #expect(!spool.push(blocks[0], count: 97))
        #expect(spool.push(blocks[0], count: 96))
    }
}
