import MethodTunnel

/// One request, as a copy of it arrives, and the way back of its answer.
final class Exchange {
    let target: Target
    let body: [UInt8]
    /// Whether the answer to this copy is the one that goes to the client.
    let isForwarded: Bool
    /// Bytes of the answer that get through before it is cut.
    var answerLimit: Int
    /// Where in its lane the next byte of the body stands.
    var position: UInt64 = 0
    /// Bytes of a lane that the answer may still bring.
    var sizeLeft = 0
    var isAnswered = false
    /// Nothing of the answer arrives before.
    var arrival: UInt64 = 0
    /// What a proxy holds back until the answer is whole.
    var held: [UInt8] = []

    init(_ target: Target, _ body: [UInt8], isForwarded: Bool, answerLimit: Int) {
        self.target = target
        self.body = body
        self.isForwarded = isForwarded
        self.answerLimit = answerLimit
    }
}

/// What the proxies between do to requests and answers, by seed.
struct Network {
    let lost: Int
    let repeated: Int
    let cut: Int
    let delayMax: Int
    let buffers: Bool
    /// After how long a proxy gives up an exchange.
    let timeLimit: UInt64?

    init(_ dice: inout Dice) {
        let isCalm = dice.chance(100)
        lost = isCalm ? 0 : dice.below(250)
        repeated = isCalm ? 0 : dice.below(250)
        cut = isCalm ? 0 : dice.below(250)
        delayMax = dice.pick([2, 20, 200, 900])
        buffers = dice.chance(400)
        timeLimit = dice.chance(300) ? UInt64(dice.within(1...20)) * 1_000_000_000 : nil
    }

    /// How long something is on its way, in nanoseconds; seldom very long.
    func delay(_ dice: inout Dice) -> UInt64 {
        let most = dice.chance(20) ? delayMax * 20 : delayMax
        return UInt64(dice.within(1...most)) * 1_000_000
    }
}
