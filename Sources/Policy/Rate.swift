/// How much of something may go in a second, and how much at once after a rest.
///
/// What has gone is kept as a debt: the moment at which it will have been paid for at this rate. A
/// debt that has been paid for longer than a burst takes counts as just so long paid, and whoever
/// takes something may have it once his own part is paid.
public struct Rate: Equatable, Sendable, BitwiseCopyable {
    private static var second: UInt64 { 1_000_000_000 }

    /// How much goes in a second; more than none.
    public let perSecond: UInt64
    /// How much may go at once.
    public let burst: UInt64
    /// Nanoseconds that the burst takes.
    private let rest: UInt64

    /// Bytes: an eighth of a second's at once, and never less than 16 KiB.
    public init(bytesPerSecond perSecond: UInt64) {
        self.init(perSecond: perSecond, burst: max(perSecond / 8, 16384))
    }

    /// Tunnels: as many at once as in a second.
    public init(tunnelsPerSecond perSecond: UInt32) {
        self.init(perSecond: UInt64(perSecond), burst: UInt64(perSecond))
    }

    private init(perSecond: UInt64, burst: UInt64) {
        precondition(perSecond > 0, "a rate of nothing")
        self.perSecond = perSecond
        self.burst = burst
        rest = Rate.nanoseconds(burst, perSecond)
    }

    /// Bytes that are worth taking at once, so that many small messages ask once.
    ///
    /// They are few while others wait already: then each gets its turn soon.
    public func quantum(whileOthersWait: Bool) -> UInt64 {
        let share = perSecond / (whileOthersWait ? 256 : 32)
        return min(max(share, 1024), 1 << 20)
    }

    /// Whether a `debt` at `now` is so high that others wait.
    public func isBehind(_ debt: UInt64, at now: UInt64) -> Bool { debt > now &+ rest }

    /// The debt once `count` more have been taken at `now`; they may go when it is paid, which is
    /// at the moment that it names, in nanoseconds.
    public func debt(_ debt: UInt64, taking count: UInt64, at now: UInt64) -> UInt64 {
        let paid = now > rest ? now - rest : 0
        return max(debt, paid) + Rate.nanoseconds(count, perSecond)
    }

    /// The debt once `count` of what had been taken are given back.
    public func debt(_ debt: UInt64, returning count: UInt64) -> UInt64 {
        debt - min(debt, Rate.nanoseconds(count, perSecond))
    }

    /// The debt at `now` that was made at the rate `old`: what isn't paid yet goes at this one.
    public func debt(_ debt: UInt64, madeAt old: Rate, at now: UInt64) -> UInt64 {
        debt > now ? now + Rate.quotient(debt - now, old.perSecond, perSecond) : debt
    }

    private static func nanoseconds(_ count: UInt64, _ perSecond: UInt64) -> UInt64 {
        quotient(count, second, perSecond)
    }

    /// `count` times `factor`, divided by `divisor`; never more than a moment can be away.
    private static func quotient(
        _ count: UInt64,
        _ factor: UInt64,
        _ divisor: UInt64
    ) -> UInt64 {
        let product = count.multipliedFullWidth(by: factor)
        guard product.high < divisor else { return .max / 4 }
        return min(divisor.dividingFullWidth(product).quotient, .max / 4)
    }
}
