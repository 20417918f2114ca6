/// What one tunnel is to do, decided by its number and the seed of the run alone.
struct Course: Equatable, Sendable {
    var order = Order()
    /// Bytes of the client's stream that go with the head of the CONNECT; nil: not even the order.
    var early: Int?
    /// Bytes of the client's stream that may go before the origin has ended.
    var firstPart: UInt64 = 0
    /// Bytes of one send, at most.
    var sendMax = Pattern.sliceMax

    /// The course of tunnel `number`.
    init(_ script: Script, number: UInt32) {
        order.number = number
        var random = Random(script.seed, tunnel: number)
        order.start = UInt32(random.below(Pattern.length))
        switch script.scenario {
        case .verify: plan(upTo: UInt64(script.size), script.hasOwnOrigin, &random)
        case .bulk:
            order.kind = .exchange
            order.down = script.direction.hasDown ? Order.unlimited : 0
        case .hold, .rate, .echo: break
        }
        if case .proxy = script.route { return }
        // Without a head there is nothing to be early for.
        early = nil
    }

    /// Random sizes, ends and chunks.
    private mutating func plan(upTo limit: UInt64, _ isOwn: Bool, _ random: inout Random) {
        order.up = random.size(upTo: limit)
        order.down = random.size(upTo: limit)
        order.kind = .exchange
        let turns = Order.Turn.allCases
        order.turn = turns[Int(random.below(UInt64(turns.count)))]
        firstPart = order.up
        if order.turn == .originFirst { firstPart = random.below(order.up + 1) }
        if random.below(2) == 0 {
            let most = min(firstPart, UInt64(Script.earlyMax))
            early = Int(random.below(most + 1))
        }
        // Some streams go in small pieces, but none in more than a few hundred.
        let least = max(order.up / 256, 1)
        sendMax = Int(least + random.size(upTo: UInt64(Pattern.sliceMax) - least))
        guard !isOwn else { return }
        // An origin that echoes all sends what it gets, and ends when it must.
        order.kind = .echo
        order.turn = .together
        order.down = order.up
        firstPart = order.up
    }
}
