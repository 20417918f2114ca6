internal import Kernel
internal import Relay

/// One flow of a tunnel whose rule has limits.
struct FlowMeter: BitwiseCopyable {
    /// Bytes that have been allowed and not been read yet.
    var granted: UInt32 = 0
    /// When they may be read, if the flow waits for that.
    var resumeAt = Instant(nanoseconds: 0)
}

/// What is kept of a tunnel whose rule has limits.
struct Meter: BitwiseCopyable {
    /// Where the tunnels of the rule are counted, and those of its user; 0 where they aren't.
    var rule: Allowances.Number
    var user: Allowances.Number
    /// Bytes that it may move, both ways together; 0 is no limit.
    var bytesMax: UInt64 = 0
    /// When it ends, whatever happens; 0 is never.
    var endsAt = Instant(nanoseconds: 0)
    private var outbound = FlowMeter()
    private var inbound = FlowMeter()

    init(rule: Allowances.Number, user: Allowances.Number) {
        self.rule = rule
        self.user = user
    }

    /// The meter of one flow, in place.
    subscript(direction: Direction) -> FlowMeter {
        get { direction == .outbound ? outbound : inbound }
        _modify {
            if direction == .outbound { yield &outbound } else { yield &inbound }
        }
    }
}
