internal import Kernel
internal import Relay
internal import Resolver

/// What goes with the sockets of an open tunnel that moves to another worker.
///
/// Behind it are the texts that the journal and the rules need: the authority, the user, and the
/// names of rules.
struct Luggage: BitwiseCopyable {
    var duplex: Duplex
    var holdings: Holdings
    var firstToEnd: Side?
    var accepted: Instant
    var lastActivity: Instant
    var awaitsAnswer: Bool
    var isKeptAlive: Bool
    var isAdmitted: Bool
    var looksAway: Int8
    /// Only if records are kept.
    var record: Record?
    private var authorityCount: UInt16 = 0
    private var userCount: UInt16 = 0

    init<Queue, Names>(_ tunnel: borrowing Tunnel<Queue, Names>)
    where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
        duplex = tunnel.duplex
        holdings = tunnel.holdings
        firstToEnd = tunnel.firstToEnd
        accepted = tunnel.accepted
        lastActivity = tunnel.lastActivity
        awaitsAnswer = tunnel.awaitsAnswer
        isKeptAlive = tunnel.isKeptAlive
        isAdmitted = tunnel.isAdmitted
        looksAway = tunnel.looksAway
    }

    private static var size: Int { MemoryLayout<Luggage>.stride }

    /// Packs it, with the texts of `slot`, into `memory`; bytes that it takes.
    mutating func pack(
        _ texts: borrowing TunnelTexts,
        of slot: UInt32,
        into memory: Extent
    ) -> Int {
        var count = Luggage.size
        if let record {
            if record.hasAuthority {
                authorityCount = append(texts.authorities[slot], to: memory, &count)
            }
            if record.hasUser { userCount = append(texts.users[slot], to: memory, &count) }
        }
        if texts.rules.count > 0 { _ = append(texts.rules[Int(slot)], to: memory, &count) }
        memory.store(self, at: 0)
        return count
    }

    private func append(_ text: Extent, to memory: Extent, _ count: inout Int) -> UInt16 {
        text.copy(to: memory.part(count..<memory.count))
        count += text.count
        return UInt16(text.count)
    }

    /// Unpacks what `pack` has written into `memory`, and keeps its texts as those of `slot`.
    static func unpack(
        _ memory: Extent,
        _ texts: borrowing TunnelTexts,
        of slot: UInt32
    ) -> Luggage {
        let luggage = memory.load(Luggage.self, at: 0)
        var start = size
        func next(_ count: Int) -> Extent {
            start += count
            return memory.part(start - count..<start)
        }
        if let record = luggage.record {
            let authority = next(Int(luggage.authorityCount))
            if record.hasAuthority { texts.authorities.keep(authority, in: slot) }
            let user = next(Int(luggage.userCount))
            if record.hasUser { texts.users.keep(user, in: slot) }
        }
        if texts.rules.count > 0 {
            next(RuleNames.byteCount).copy(to: texts.rules[Int(slot)])
        }
        return luggage
    }
}
