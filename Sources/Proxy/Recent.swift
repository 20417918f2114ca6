internal import Kernel

/// Values by their keys, of which the oldest are forgotten: there are never too many.
///
/// What is remembered is young. When all that is young has become old, or fills its half of the
/// room, it takes the place of what was old before, which is forgotten at once.
struct Recent<Key: Hashable, Value> {
    private let memory: UInt64
    private let youngMax: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private var turn = Instant(nanoseconds: 0)

    /// Remembers what it is told for `memory` nanoseconds at least, but of no more than `countMax`.
    init(memory: UInt64, countMax: Int) {
        self.memory = memory
        youngMax = countMax / 2
    }

    /// What is remembered of `key`; it may be older than it need be.
    subscript(key: Key) -> Value? { young[key] ?? old[key] }

    mutating func remember(_ value: Value, of key: Key, _ now: Instant) {
        if turn <= now || young.count >= youngMax {
            old = young
            young = [:]
            turn = now + memory
        }
        young[key] = value
    }
}
