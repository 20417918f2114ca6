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
}
