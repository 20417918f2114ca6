internal import Connect
internal import Internet
internal import Kernel
internal import Resolver

/// Taking clients in, as far as there is room, and telling the others that there is none.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    mutating func didAccept(_ index: Int, _ completion: Completion) {
        if !completion.hasMore { listener.didEnd(index) }
        if completion.result >= 0 {
            return welcome(completion.result)
        }
        switch -completion.result {
        case Errno.canceled, Errno.connectionAborted, Errno.interrupted: break
        // Something is short, or it is forbidden: to go on at once would be to spin.
        default:
            services.counters.pauses.add()
            listener.pause(&services.queue, retry: services.now + 100_000_000)
        }
    }

    /// Serves `client`, or tells it why not.
    mutating func take(_ client: Int32) {
        guard hasRoomToRefuse, let slot = takeTunnel() else { return sendAway(client) }
        tunnels[slot].begin(client, number: number, &services)
        if admitAccepted(slot) { tunnels[slot].readHead(&services) }
        if !hasRoomToRefuse {
            services.counters.pauses.add()
            listener.pause(&services.queue)
        }
    }

    /// Whether one more client can at least be told that there is no room.
    private var hasRoomToRefuse: Bool {
        tunnels.count < slotMax && services.descriptorCount < services.room.descriptorMax
    }

    /// Slots for clients; the others are for tunnels that move here, which can't be refused.
    private var slotMax: Int { tunnels.capacity - (balance?.arrivalMax ?? 0) }

    /// Takes a slot for a tunnel, and a number; nil if there is none.
    mutating func takeTunnel() -> UInt32? {
        guard tunnels.count < slotMax, let slot = tunnels.take({ Tunnel(slot: $0) })
        else { return nil }
        number += 1
        return slot
    }

    /// Counts the tunnel in `slot`, which has begun; why it is to be refused instead, if it is.
    private func admit(_ slot: UInt32) -> Refusal? {
        // It had come before the listener was closed.
        if services.isDraining { return .draining }
        if isFull { return .outOfDescriptors }
        guard services.admission.admitTunnel() else { return .tunnelLimit }
        guard !admitClient(slot) else { return nil }
        services.admission.releaseTunnel()
        return .clientLimit
    }

    /// Counts the stream in `slot`, which has begun, or refuses it; whether it may go on.
    mutating func admitStream(_ slot: UInt32) -> Bool {
        guard let refusal = admit(slot) else {
            tunnels[slot].isAdmitted = true
            return true
        }
        tunnels[slot].refuse(refusal, &services)
        return false
    }

    /// Counts the client in `slot`, which has begun, or refuses it; whether it may go on.
    ///
    /// With as many tunnels as may be, there may still be requests for those of sessions: they are
    /// told from others by their heads.
    private mutating func admitAccepted(_ slot: UInt32) -> Bool {
        guard let refusal = admit(slot) else {
            tunnels[slot].isAdmitted = true
            return true
        }
        let isOfTunnels = refusal == .tunnelLimit || refusal == .clientLimit
        let client = services.keepsRecords ? services.records[Int(slot)].client?.address : nil
        if isOfTunnels, services.terms.method.isOn, services.admission.admitCarrier(of: client) {
            tunnels[slot].refusalOfTunnel = refusal
            return true
        }
        services.turnedAwayCount += 1
        tunnels[slot].refuse(refusal, &services)
        return false
    }

    /// Tells a client that there isn't even room to refuse it.
    ///
    /// One multishot accept may bring more clients than what is set aside for refusals. A reset may
    /// follow right behind the answer, and few clients miss it for that.
    mutating func sendAway(_ client: Int32) {
        services.counters.shed.add()
        _ = services.queue.sendNow(client, from: services.answers.full)
        services.queue.close(client, token: Token(.close).rawValue)
    }

    private func admitClient(_ slot: UInt32) -> Bool {
        guard services.admission.countsClients,
            let client = services.records[Int(slot)].client
        else { return true }
        return services.admission.admit(client.address)
    }

    /// Whether only what is set aside for refusals is left.
    private var isFull: Bool {
        tunnels.count > slotMax - services.room.shedMax || !services.hasDescriptor
    }

    mutating func listenerFollowUp() {
        if listener.isPaused {
            let least = services.room.resumeMin
            let hasRoom =
                tunnels.count <= slotMax - least
                && services.descriptorCount <= services.room.descriptorMax - least
            if listener.mayRetry(services.now), hasRoom { listener.resume(&services.queue) }
        } else {
            listener.arm(&services.queue)
        }
    }
}
