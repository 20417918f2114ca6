import Load
import Testing

@Suite struct ReceiveLineTests {
    @Test(arguments: [1, 3, 7, 40])
    func `with few buffers each gets as many as any other`(buffers: Int) {
        var line = ReceiveLine()
        for socket in 0..<40 { line.join(Int32(socket), token: UInt64(socket)) }
        var served = [Int](repeating: 0, count: 40)
        for _ in 0..<400 {
            let begun = (0..<buffers).compactMap { _ in line.next() }
            #expect(begun.count == buffers)
            for place in begun {
                #expect(UInt64(place.socket) == place.token)
                served[Int(place.socket)] += 1
                line.join(place.socket, token: place.token)
            }
        }
        #expect((served.max() ?? 0) - (served.min() ?? 0) <= 1)
    }

    @Test func `nobody is served twice`() {
        var line = ReceiveLine()
        #expect(line.next()?.socket == nil)
        line.join(5, token: 6)
        line.join(7, token: 8)
        #expect((0..<3).map { _ in line.next()?.socket } == [5, 7, nil])
        line.join(9, token: 10)
        #expect((0..<2).map { _ in line.next()?.socket } == [9, nil])
    }

    @Test func `who leaves the line isn't served`() {
        var line = ReceiveLine()
        for socket in 1...4 { line.join(Int32(socket), token: UInt64(socket)) }
        #expect(line.next()?.socket == 1)
        #expect(!line.leave(1) && line.leave(3) && !line.leave(3))
        #expect((0..<3).map { _ in line.next()?.socket } == [2, 4, nil])
    }
}
