internal import CLiburing

/// What the kernel says of one submission.
public struct Completion: Sendable {
    /// The token that the submission carried.
    public var token: UInt64
    /// The operation's result: a count or a descriptor, or an errno negated.
    public var result: Int32
    /// IORING_CQE_F_* bits.
    public var flags: UInt32

    /// A completion of `token` with `result`.
    public init(token: UInt64, result: Int32, flags: UInt32 = 0) {
        self.token = token
        self.result = result
        self.flags = flags
    }

    /// Flag: a multishot submission goes on and will complete again.
    public static var moreFlag: UInt32 { 1 << 1 }
    /// Flag: the socket held more bytes when the receive completed (Linux 5.19).
    public static var nonEmptyFlag: UInt32 { 1 << 2 }
    /// Flag: the upper half of `flags` is the index of the buffer that was used.
    public static var bufferFlag: UInt32 { 1 << 0 }

    /// Whether the submission goes on and will complete again.
    public var hasMore: Bool { flags & Completion.moreFlag != 0 }
    /// Whether the socket held more bytes when the receive completed.
    public var isSocketNonEmpty: Bool { flags & Completion.nonEmptyFlag != 0 }
    /// The provided buffer that holds the bytes; nil if none was used.
    public var buffer: UInt16? {
        flags & Completion.bufferFlag != 0 ? UInt16(truncatingIfNeeded: flags >> 16) : nil
    }
}
