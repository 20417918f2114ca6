/// The number of a stream: the slot it has, and how many streams that slot has had.
///
/// A repeated opening and the opening of a new stream are told apart by the generation alone.
public struct StreamNumber: Hashable, Sendable, BitwiseCopyable {
    /// Slots that a session may have at most.
    public static var slotsMax: Int { 4096 }
    /// The highest generation; a slot that has reached it is never used again.
    public static var generationMax: UInt32 { 1 << 20 - 1 }

    /// The number as it stands in frames and targets.
    public let rawValue: UInt32

    /// The number `rawValue`; none if its generation is 0.
    public init?(rawValue: UInt32) {
        guard rawValue >= UInt32(Self.slotsMax) else { return nil }
        self.rawValue = rawValue
    }

    /// The number of the stream `generation` of `slot`.
    public init(slot: Int, generation: UInt32) {
        precondition(slot >= 0 && slot < Self.slotsMax)
        precondition(generation > 0 && generation <= Self.generationMax)
        rawValue = generation << 12 | UInt32(slot)
    }

    /// Which slot the stream has.
    public var slot: Int { Int(rawValue & 0xfff) }
    /// Which stream of its slot it is, from 1.
    public var generation: UInt32 { rawValue >> 12 }
}
