internal import Connect
internal import Internet
internal import Kernel
internal import Relay
internal import Resolver

/// What the journal tells of a tunnel: one record when it opens, one now and then if that is asked
/// for, and one when it ends, joined by its id.
///
/// The authority is canonical text made by us, so no byte of the client gets in.
extension Services where Queue: ~Copyable, Names: ~Copyable {
    /// `phase` of the opening of `slot` ends now.
    func endPhase(_ phase: Record.Phase, of slot: UInt32) {
        if keepsRecords { records[Int(slot)].end(phase, now) }
    }

    /// The tunnel in `slot` is open: the 200 has been sent.
    func noteOpened(_ slot: UInt32) {
        guard keepsRecords else { return }
        records[Int(slot)].end(.answer, now)
        records[Int(slot)].wasOpened = true
    }

    /// `slot` tries to connect to `endpoint`; the last that it tries is told of if none answers.
    func noteAttempt(at endpoint: Endpoint, of slot: UInt32) {
        if keepsRecords { records[Int(slot)].dialled = endpoint }
    }

    /// `slot` is connected to `endpoint`, be it that of the target or of a parent.
    func noteDialled(_ endpoint: Endpoint, of slot: UInt32, _ opening: UInt32) {
        guard keepsRecords else { return }
        records[Int(slot)].dialled = endpoint
        let isStraight = openings[opening].parent < 0
        records[Int(slot)].judged = isStraight ? endpoint.address : openings[opening].askedAddress
    }

    /// Keeps the authority of a tunnel for its records.
    func note(_ authority: Authority, for slot: UInt32) {
        guard texts.authorities.count > 0 else { return }
        records[Int(slot)].hasAuthority = true
        texts.authorities.keep(in: slot) { authority.write(to: &$0) }
    }

    /// Keeps the user of a tunnel for its records.
    func note(user: Extent, for slot: UInt32) {
        guard texts.users.count > 0 else { return }
        texts.users.keep(user, in: slot)
        records[Int(slot)].hasUser = true
    }

    /// Keeps the user of a stream for its records.
    func note(user: [UInt8], for slot: UInt32) {
        guard texts.users.count > 0 else { return }
        texts.users.keep(in: slot) { sink in
            for byte in user { sink.append(byte) }
        }
        records[Int(slot)].hasUser = true
    }

    mutating func writeOpen(_ slot: UInt32) {
        guard journal.isOn else { return }
        let record = records[Int(slot)]
        let names = names(of: slot)
        let worker = index
        journal.write(counters) { line in
            line.member("event", "open")
            Self.identify(&line, record, names, worker)
        }
    }

    /// When the journal is to tell how far the open tunnel in `slot` is.
    func progressDue(_ slot: UInt32) -> Instant {
        let interval = terms.configuration.journalInterval
        guard interval > 0, journal.isOn else { return Instant(nanoseconds: .max) }
        return records[Int(slot)].phaseBegan + interval
    }

    mutating func writeProgress(_ slot: UInt32, _ accepted: Instant, _ duplex: Duplex) {
        records[Int(slot)].phaseBegan = now
        let record = records[Int(slot)]
        let names = names(of: slot)
        let worker = index
        let duration = now.nanoseconds(since: accepted) / 1000
        journal.write(counters) { line in
            line.member("event", "progress")
            Self.identify(&line, record, names, worker)
            Self.measure(&line, record, duplex, duration)
        }
    }

    mutating func writeEnd(
        _ slot: UInt32,
        _ accepted: Instant,
        _ duplex: Duplex,
        _ ending: Ending
    ) {
        guard journal.isOn else { return }
        writeEnd(records[Int(slot)], names(of: slot), accepted, duplex, ending)
    }

    private mutating func writeEnd(
        _ record: Record,
        _ names: TunnelNames,
        _ accepted: Instant,
        _ duplex: Duplex,
        _ ending: Ending
    ) {
        let worker = index
        let duration = now.nanoseconds(since: accepted) / 1000
        journal.write(counters) { line in
            line.member("event", "end")
            Self.identify(&line, record, names, worker)
            // Whoever left or was stopped before the 200 has had no answer.
            let refused = ending.status > 0 ? ending.status : ending.refusal?.status
            line.member("status", UInt64(refused ?? (record.wasOpened ? 200 : 0)))
            line.member("reason", ending.word)
            line.member("ended_by", Self.word(ending.side))
            line.member("detail", ending.detail)
            line.member("errno", UInt64(max(ending.code, 0)))
            Self.measure(&line, record, duplex, duration)
        }
    }

    /// A request for the tunnel without CONNECT is refused, before it has come to a stream.
    mutating func writeRefusal(
        _ number: UInt64,
        of client: Endpoint?,
        _ refusal: Refusal,
        since began: Instant
    ) {
        guard journal.isOn else { return }
        var record = Record(number: number, of: index, client: client, now: began)
        record.isStream = true
        record.end(.head, now)
        let ending = Ending(cause: .refused, side: .proxy, refusal: refusal)
        writeEnd(record, TunnelNames(), began, Duplex(), ending)
    }

    private func names(of slot: UInt32) -> TunnelNames {
        TunnelNames(
            authority: records[Int(slot)].hasAuthority ? texts.authorities[slot] : nil,
            user: userText(of: slot),
            rules: texts.rules.count > 0 ? RuleNames(texts.rules[Int(slot)]) : nil
        )
    }

    private static func identify(
        _ line: inout JSONLine,
        _ record: Record,
        _ names: TunnelNames,
        _ worker: Int
    ) {
        line.quoted("id") { sink in
            sink.append(decimal: UInt64(record.worker))
            sink.append("-")
            sink.append(decimal: record.number)
        }
        line.member("worker", UInt64(worker))
        line.member("way", record.isStream ? "method" : "connect")
        line.member("client", record.client)
        line.member("user", names.user)
        line.member("authority", names.authority)
        line.member("rule", names.rules?.rule)
        line.member("reported", names.rules?.report)
        line.member("address", record.dialled)
        line.member("head_us", UInt64(record[.head]))
        line.member("resolve_us", UInt64(record[.resolve]))
        line.member("connect_us", UInt64(record[.connect]))
        line.member("answer_us", UInt64(record[.answer]))
    }

    private static func measure(
        _ line: inout JSONLine,
        _ record: Record,
        _ duplex: Duplex,
        _ duration: UInt64
    ) {
        line.member("hello_us", UInt64(record[.hello]))
        line.member("bytes_out", duplex.outbound.delivered)
        line.member("bytes_in", duplex.inbound.delivered)
        let wasBulk = duplex.outbound.wasBulk || duplex.inbound.wasBulk
        let wasUsed = duplex.outbound.delivered + duplex.inbound.delivered > 0
        line.member("relay", wasBulk ? "bulk" : wasUsed ? "interactive" : "none")
        line.member("duration_us", duration)
    }

    private static func word(_ side: Side) -> String {
        switch side {
        case .client: "client"
        case .upstream: "upstream"
        case .proxy: "proxy"
        }
    }

    /// The tunnel in `slot`, which was admitted as a carrier, has ended.
    func leaveCarriers(_ slot: UInt32) {
        guard keepsRecords else { return }
        admission.releaseCarrier(of: records[Int(slot)].client?.address)
    }

    /// The tunnel in `slot`, which was admitted, has ended.
    func leave(_ slot: UInt32) {
        admission.releaseTunnel()
        guard admission.countsClients, let client = records[Int(slot)].client else { return }
        admission.release(client.address)
    }
}

/// What a tunnel's records name, where it is kept.
private struct TunnelNames {
    var authority: Extent?
    var user: Extent?
    var rules: RuleNames?
}
