import Kernel
import Load
import Testing

@Suite struct OrderTests {
    private static let order: Order = {
        var order = Order()
        order.kind = .exchange
        order.turn = .originFirst
        order.number = 0xfedc_ba98
        order.start = 4_194_300
        order.up = 1 << 40
        order.down = Order.unlimited
        return order
    }()

    @Test func `an order that is written is read again, in whatever pieces`() throws {
        let memory = try Blocks(count: 1, blockSize: 64)
        Self.order.write(to: memory[0])
        for piece in [1, 5, 31, 32, 64] {
            var reader = OrderReader()
            var taken = 0
            while !reader.isComplete {
                #expect(reader.order == nil)
                taken += reader.take(memory[0].part(taken..<min(taken + piece, 64)))
            }
            #expect(taken == Order.byteCount)
            #expect(reader.order == Self.order)
        }
    }

    @Test(arguments: 0..<Order.byteCount)
    func `an order with a changed bit is none`(index: Int) throws {
        let memory = try Blocks(count: 1, blockSize: 32)
        for bit in 0..<8 {
            Self.order.write(to: memory[0])
            memory[0][index] ^= 1 << UInt8(bit)
            var reader = OrderReader()
            _ = reader.take(memory[0])
            #expect(reader.isComplete)
            #expect(reader.order == nil)
        }
    }
}
