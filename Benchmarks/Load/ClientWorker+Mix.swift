internal import Kernel

/// A mix: each place is for tunnels of one kind, one after the other.
extension ClientWorker {
    /// Timers for places are told from those for tunnels by this bit.
    private static var placeBit: UInt64 { 1 << 63 }

    /// Has this worker's places taken, each after some time, lest all begin at once.
    mutating func setUpPlaces() {
        guard let mix = client.script.mix else { return }
        for (place, kind) in mix.places(client.script.peak).enumerated() {
            let nanoseconds = client.random.scale(in: mix.think)
            guard place % client.script.workers == index else { continue }
            setPlace(kind, after: nanoseconds)
        }
    }

    /// The kind of the next tunnel; nil if no place is to be taken now.
    var nextKind: Kind? { Kind.allCases.first { vacant[Int($0.rawValue)] > 0 } }

    /// The course of the next tunnel.
    mutating func nextCourse() -> Course {
        let number = UInt32(truncatingIfNeeded: nextNumber)
        guard client.script.mix != nil, let kind = nextKind else {
            return Course(client.script, number: number)
        }
        vacant[Int(kind.rawValue)] -= 1
        return Course(client.script, number: number, kind: kind)
    }

    /// A tunnel of `kind` has ended: another one takes its place after a time to think.
    mutating func leavePlace(_ kind: Kind?) {
        guard let kind, let mix = client.script.mix else { return }
        setPlace(kind, after: client.random.scale(in: mix.think))
    }

    private mutating func setPlace(_ kind: Kind, after nanoseconds: UInt64) {
        let payload = ClientWorker.placeBit | UInt64(kind.rawValue)
        client.timers.set(payload, at: client.station.now + nanoseconds)
    }

    /// Does what is due by now.
    mutating func followTimers() {
        while let payload = client.timers.take(at: client.station.now) {
            if payload & ClientWorker.placeBit != 0 {
                vacant[Int(payload & 0xff)] += 1
            } else {
                let slot = UInt32(truncatingIfNeeded: payload)
                let generation = UInt16(truncatingIfNeeded: payload >> 32)
                // It may have gone on or ended meanwhile.
                guard tunnels[slot].conduit.generation == generation,
                    tunnels[slot].state == .idle, client.phase < .stop
                else { continue }
                tunnels[slot].wake(&client)
                releaseIfFree(slot)
            }
        }
    }
}
