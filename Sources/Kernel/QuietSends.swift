internal import Glibc

/// Sends whose success the kernel doesn't tell, and which of them are known to have succeeded.
///
/// Each is carried out as it is submitted, wholly or not, and one that wasn't has a completion. So
/// when all have been submitted, and all completions that there are been seen, all others have
/// succeeded.
@safe struct QuietSends: ~Copyable {
    private struct Send: BitwiseCopyable {
        var token: UInt64
        var count: Int32
        /// Whether a completion tells of it.
        var isTold: Bool
    }

    private let sends: UnsafeMutablePointer<Send>
    private let mask: UInt32
    /// The oldest of which nothing is known or said yet; where those begin of which nothing is
    /// known; where the next one goes.
    private var first: UInt32 = 0
    private var settled: UInt32 = 0
    private var next: UInt32 = 0

    /// Room for `capacity` sends, a power of two.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0)
        unsafe sends = .allocate(capacity: capacity)
        let none = Send(token: 0, count: 0, isTold: false)
        unsafe sends.initialize(repeating: none, count: capacity)
        mask = UInt32(capacity - 1)
    }

    deinit { unsafe sends.deallocate() }

    /// How many there are that `nextSent` has not got past.
    var count: Int { Int(next &- first) }

    /// Whether there is room for no more.
    var isFull: Bool { count > Int(mask) }

    /// The token of send `index` of `count`.
    func token(_ index: Int) -> UInt64 {
        unsafe sends[Int((first &+ UInt32(index)) & mask)].token
    }

    /// Notes a send of `count` bytes; what its submission carries in place of `token`.
    mutating func append(_ token: UInt64, _ count: Int) -> UInt64 {
        precondition(!isFull)
        let place = next & mask
        next &+= 1
        unsafe sends[Int(place)] = Send(token: token, count: Int32(count), isTold: false)
        return QuietSends.mark | UInt64(place)
    }

    /// Bit of what the submissions of quiet sends carry, and no token has.
    static var mark: UInt64 { 1 << 63 }

    /// A completion that carries `value` tells of this send, whose token is returned.
    mutating func noteCompletion(_ value: UInt64) -> UInt64 {
        let place = UInt32(truncatingIfNeeded: value) & mask
        precondition((place &- settled) & mask < next &- settled, "no such send is under way")
        unsafe sends[Int(place)].isTold = true
        return unsafe sends[Int(place)].token
    }

    /// All have been submitted, and all completions for them been seen.
    mutating func settle() { settled = next }

    /// The next one that succeeded: its token and bytes.
    mutating func nextSent() -> (token: UInt64, count: Int32)? {
        while first != settled {
            let send = unsafe sends[Int(first & mask)]
            first &+= 1
            if !send.isTold { return (send.token, send.count) }
        }
        return nil
    }
}
