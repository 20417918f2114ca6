/// What one tunnel is to do, decided by its number and the seed of the run alone.
struct Course: Equatable, Sendable {
    var order = Order()
    /// What the tunnel is like, in a mix.
    var kind: Kind?
    /// What is drawn while it lives.
    var random: Random
    /// Bytes of the client's stream that go with the head of the CONNECT; nil: not even the order.
    var early: Int?
    /// Bytes of the client's stream that may go before the origin has ended.
    var firstPart: UInt64 = 0
    /// Bytes of one send, at most.
    var sendMax = Pattern.sliceMax

    /// Whether it carries messages that come back, until the client ends.
    var carriesMessages: Bool { order.kind == .echo && order.up == Order.unlimited }

    /// The course of tunnel `number`, which is of `kind` in a mix.
    init(_ script: Script, number: UInt32, kind: Kind? = nil) {
        order.number = number
        self.kind = kind
        var random = Random(script.seed, tunnel: number)
        self.random = random
        order.start = UInt32(random.below(script.startLimit))
        switch script.scenario {
        case .verify: plan(upTo: UInt64(script.size), script.hasOwnOrigin, &random)
        case .bulk:
            order.kind = .exchange
            order.down = script.direction.hasDown ? Order.unlimited : 0
        case .mix:
            if kind == .bulk, let mix = script.mix { plan(mix, script.hasOwnOrigin, &random) }
        case .hold, .rate, .echo, .hostile: break
        }
        self.random = random
        if case .proxy = script.route, !script.isSecure { return }
        // Without a head there is nothing to be early for; and TLS begins when the tunnel stands.
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
        // Some streams go in small pieces, but none in more than a few hundred, unless it is so
        // long that the largest pieces are more.
        let most = UInt64(Pattern.sliceMax)
        let least = min(max(order.up / 256, 1), most)
        sendMax = Int(least + random.size(upTo: most - least))
        if !isOwn { planEcho() }
    }

    /// A stream up, down or both.
    private mutating func plan(_ mix: Mix, _ isOwn: Bool, _ random: inout Random) {
        let ways = random.below(3)
        order.up = ways == 1 ? 0 : random.scale(in: mix.stream)
        order.down = ways == 0 ? 0 : random.scale(in: mix.stream)
        order.kind = .exchange
        firstPart = order.up
        if !isOwn { planEcho() }
    }

    /// An origin that echoes all sends what it gets, and ends when it must.
    private mutating func planEcho() {
        order.kind = .echo
        order.turn = .together
        order.down = order.up
        firstPart = order.up
    }
}
