import MethodTunnel

/// A server's end whose connections all lead to an echo.
final class EchoEnd: End {
    /// By slot: what came and has not gone back yet.
    private var echoes: [Int: [UInt8]] = [:]

    /// Forgets what the last stream of `slot` left.
    func begin(_ slot: Int) { echoes[slot] = [] }

    /// Lets the echo take and give what it can.
    func echo() {
        while let slot = session.nextTouched() {
            guard session[slot].phase == .open else { continue }
            echoes[slot, default: []] += readAll(slot)
            session.offer(slot, echoes[slot]?.count ?? 0)
            guard session[slot].isAtEnd else { continue }
            session.endOutgoing(slot)
            session.finishIncoming(slot)
        }
    }

    override func payload(_ slot: Int, _ positions: Range<Int>) -> [UInt8] {
        let bytes = Array(echoes[slot, default: []].prefix(positions.count))
        echoes[slot]?.removeFirst(positions.count)
        return bytes
    }
}
