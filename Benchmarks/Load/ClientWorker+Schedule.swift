internal import Kernel

/// An open loop: what is due begins when it is due, or waits in line.
extension ClientWorker {
    // MARK: Tunnels

    /// Whether the next tunnel is due; always so in a closed loop, but for a mix.
    var isDue: Bool {
        guard client.script.mix == nil else { return nextKind != nil }
        guard let schedule = client.script.tunnelSchedule else { return true }
        let number = UInt64(nextNumber)
        return number < schedule.count
            && schedule.due(number, from: client.scheduleStart) <= client.station.now
    }

    /// Whether tunnels that were due in time may still begin, though no more will be due.
    var mayServeLine: Bool {
        guard let schedule = client.script.tunnelSchedule, client.phase == .finish else {
            return false
        }
        return schedule.isPatient(at: client.station.now, from: client.scheduleStart)
    }

    // MARK: Messages

    /// Tunnels of this worker that messages are spread over.
    private var share: UInt64 {
        UInt64(client.script.share(client.script.tunnels, ofWorker: index))
    }

    /// Hands the messages that are due to their tunnels, each in turn.
    mutating func handOut() {
        guard let schedule = client.script.messageSchedule, client.phase >= .go,
            client.phase != .stop
        else { return }
        let share = max(share, 1)
        let workers = UInt64(client.script.workers)
        for _ in 0..<4096 {
            let arrival = UInt64(index) + handedOut * workers
            guard arrival < schedule.count,
                schedule.due(arrival, from: client.scheduleStart) <= client.station.now
            else { return }
            let slot = UInt32(truncatingIfNeeded: handedOut % share)
            handedOut += 1
            guard tunnels.exists(slot) else { continue }
            tunnels[slot].messageIsDue(arrival, stride: share * workers, &client)
        }
    }

    /// Whether messages are still to be handed out.
    var hasMessagesToCome: Bool {
        guard let schedule = client.script.messageSchedule, client.phase >= .go else {
            return false
        }
        return UInt64(index) + handedOut * UInt64(client.script.workers) < schedule.count
    }

    // MARK: Time

    /// When the next arrival is due that nothing but the time holds back; nil in a closed loop.
    var nextDue: Instant? {
        let next: UInt64
        if client.script.tunnelSchedule != nil {
            // Where there is no room, a tunnel that ends wakes the worker.
            guard hasRoom else { return nil }
            next = UInt64(nextNumber)
        } else {
            guard client.phase == .go || client.phase == .finish else { return nil }
            next = UInt64(index) + handedOut * UInt64(client.script.workers)
        }
        guard let schedule = client.script.schedule, next < schedule.count else { return nil }
        return schedule.due(next, from: client.scheduleStart)
    }
}
