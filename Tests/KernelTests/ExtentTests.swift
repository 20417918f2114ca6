import Kernel
import Testing

@Suite struct ExtentTests {
    @Test(arguments: [0, 1, 7, 8, 99])
    func `the first byte that differs is found`(place: Int) throws {
        let memory = try Blocks(count: 2, blockSize: 100)
        #expect(memory[0].firstDifference(from: memory[1]) == nil)
        memory[1][place] = 1
        if place < 99 { memory[1][99] = 2 }
        #expect(memory[0].firstDifference(from: memory[1]) == place)
        #expect(memory[0].part(0..<place).firstDifference(from: memory[1]) == nil)
    }

    @Test func `a value is stored and loaded anywhere`() throws {
        let memory = try Blocks(count: 1, blockSize: 32)
        for offset in [0, 1, 30 - 16] {
            let value = Sockets(client: 7, upstream: Int32(offset))
            memory[0].store(value, at: offset)
            #expect(memory[0].load(Sockets.self, at: offset) == value)
        }
    }
}
