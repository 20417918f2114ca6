/// SplitMix64: all that is random in a run follows from its seed.
package struct Random: Equatable, Sendable {
    private var state: UInt64

    /// The sequence that begins at `seed`.
    package init(_ seed: UInt64) { state = seed }

    /// The sequence of one tunnel of a run, which depends on nothing but the two numbers.
    package init(_ seed: UInt64, tunnel: UInt32) {
        var first = Random(seed)
        state = first.next() ^ UInt64(tunnel) &* 0x9e37_79b9_7f4a_7c15
    }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// A number from zero to below `limit`.
    package mutating func below(_ limit: UInt64) -> UInt64 { next() % max(limit, 1) }

    /// A size from zero to `limit`, each order of magnitude as likely as the next.
    package mutating func size(upTo limit: UInt64) -> UInt64 {
        let bits = UInt64(64 - limit.leadingZeroBitCount)
        let ceiling = UInt64(1) << below(bits + 1)
        return min(below(ceiling), limit)
    }

    /// A number in `range`, each doubling as likely as the next, evenly spread within it.
    package mutating func scale(in range: ClosedRange<UInt64>) -> UInt64 {
        // Up to the number behind the last, which is itself not reached.
        let (low, high) = (Random.bend(range.lowerBound), Random.bend(range.upperBound + 1))
        let fraction = Double(next() >> 11) * 0x1p-53
        let place = low + (high - low) * fraction
        let exponent = place.rounded(.down)
        let value = Double(sign: .plus, exponent: Int(exponent), significand: 1 + place - exponent)
        return min(max(UInt64(value - 1), range.lowerBound), range.upperBound)
    }

    /// The logarithm of `value` and one, bent straight between the powers of two.
    private static func bend(_ value: UInt64) -> Double {
        let value = Double(value) + 1
        return Double(value.exponent) + value.significand - 1
    }
}
