internal import Kernel
internal import Relay
internal import Resolver

/// The flows that stand in line, for a buffer or to move bulk.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Tells flows in line of the buffers that have come back, one flow for each.
    mutating func serveLine() {
        var free = services.buffers.count - services.buffers.outCount
        while free > 0, let waiter = services.buffers.line.next() {
            guard tunnels[waiter.slot].state == .relaying else { continue }
            free -= 1
            tunnels[waiter.slot].bufferIsFree(waiter.direction, &services)
            releaseIfFree(waiter.slot)
        }
    }

    /// Moves bytes of the flows that stand in line, as far as the turn's slice goes.
    mutating func serveBulk() {
        while let waiter = services.pipes.share.next() {
            guard tunnels[waiter.slot].state == .relaying else { continue }
            tunnels[waiter.slot].mayMoveNow(waiter.direction, &services)
            releaseIfFree(waiter.slot)
        }
    }
}
