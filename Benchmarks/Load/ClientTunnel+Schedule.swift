internal import Kernel

/// What a client tunnel does in an open loop, where times count from when something was due.
extension ClientTunnel {
    /// Whether the times of what goes on are recorded.
    func isMeasured(_ client: borrowing ClientServices) -> Bool {
        client.script.schedule == nil ? client.isMeasuring : isCounted
    }

    /// `arrival` begins; when it was due.
    mutating func arrive(
        _ arrival: UInt64,
        _ schedule: Schedule,
        _ client: inout ClientServices
    ) -> Instant {
        let due = schedule.due(arrival, from: client.scheduleStart)
        isCounted = arrival >= schedule.firstMeasured
        client.station.counters.arrivals.add()
        if isCounted {
            client.station.tally.addLateness(client.station.now.nanoseconds(since: due))
        }
        return due
    }

    /// Message `arrival` is due here, and every `stride`th after it.
    mutating func messageIsDue(
        _ arrival: UInt64,
        stride: UInt64,
        _ client: inout ClientServices
    ) {
        switch state {
        case .idle:
            nextArrival = arrival
            self.stride = stride
            client.idle -= 1
            state = .running
            sendArrival(&client)
        case .running: waiting += 1
        // It has failed, or never stood: its messages are missed.
        case .free, .connecting, .asking, .securing, .settling, .ending, .closing: break
        }
    }

    /// Sends the message that has waited longest; whether there was one.
    mutating func sendWaiting(_ client: inout ClientServices) -> Bool {
        guard waiting > 0, let schedule = client.script.messageSchedule,
            schedule.isPatient(at: client.station.now, from: client.scheduleStart)
        else { return false }
        waiting -= 1
        sendArrival(&client)
        return true
    }

    private mutating func sendArrival(_ client: inout ClientServices) {
        guard let schedule = client.script.messageSchedule else { return }
        let due = arrive(nextArrival, schedule, &client)
        nextArrival += stride
        sendMessage(of: client.script.size, due: due, &client)
    }
}
