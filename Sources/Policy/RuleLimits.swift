/// How many tunnels there may be, and how much they may move, all together; zero is no limit.
public struct SharedLimits: Equatable, Sendable, BitwiseCopyable {
    /// Tunnels at once.
    public var tunnels: UInt32 = 0
    /// Tunnels that are opened in a second.
    public var newPerSecond: UInt32 = 0
    /// Bytes in a second from clients to upstreams.
    public var upPerSecond: UInt64 = 0
    /// Bytes in a second from upstreams to clients.
    public var downPerSecond: UInt64 = 0

    /// No limit at all.
    public init() {}

    /// Whether nothing is limited.
    public var isEmpty: Bool { self == SharedLimits() }
}

/// The limits of the tunnels that a rule lets pass; zero is no limit.
public struct RuleLimits: Equatable, Sendable, BitwiseCopyable {
    /// Rules that can have limits, at most.
    public static var rulesMax: Int { 1 << 16 }

    /// Of all of them together.
    public var all = SharedLimits()
    /// Of those of each user together.
    public var perUser = SharedLimits()
    /// Bytes of each tunnel, both ways together.
    public var bytes: UInt64 = 0
    /// Nanoseconds of each tunnel, from the moment on at which its client was accepted.
    public var lifetime: UInt64 = 0

    /// No limit at all.
    public init() {}

    /// Whether nothing is limited.
    public var isEmpty: Bool { self == RuleLimits() }
}
