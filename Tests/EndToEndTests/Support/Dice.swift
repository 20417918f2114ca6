/// SplitMix64: what follows from a seed.
struct Dice {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x2545_f491_4f6c_dd1d &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// A number from zero to below `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

    /// True in `perMille` of a thousand cases.
    mutating func chance(_ perMille: Int) -> Bool { perMille > 0 && below(1000) < perMille }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
