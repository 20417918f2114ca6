/// The requests of one kind that follow one another, at most one at a time: when the next may be
/// made, and when the one under way is given up.
///
/// Times are nanoseconds of any clock that never goes back.
public struct Attempts: Sendable {
    /// The pause after a first failure.
    public static var pauseMin: UInt64 { 100_000_000 }
    /// The longest pause.
    public static var pauseMax: UInt64 { 5_000_000_000 }
    /// Who worked for so long, or brought bytes, is tried again at once.
    public static var worked: UInt64 { 2_000_000_000 }

    /// The serial of the request under way.
    public private(set) var serial: UInt64?
    /// When it is given up.
    public private(set) var deadline: UInt64 = 0
    /// When the next may be made.
    public private(set) var notBefore: UInt64 = 0
    /// Failures since something went well.
    public private(set) var failures = 0
    /// Whether something has moved of the request under way.
    public private(set) var hasMoved = false
    private var began: UInt64 = 0

    /// Nothing under way.
    public init() {}

    /// Whether a request may be made at `now`.
    public func isDue(_ now: UInt64) -> Bool { serial == nil && now >= notBefore }

    /// Whether the request under way has had its time.
    public func hasExpired(_ now: UInt64) -> Bool { serial != nil && now >= deadline }

    /// When something is due by itself, after `now`: giving up, or the end of the pause.
    public func nextTime(_ now: UInt64) -> UInt64? {
        let time = serial == nil ? notBefore : deadline
        return time > now ? time : nil
    }

    /// A request begins, to be given up after `patience`.
    public mutating func begin(_ serial: UInt64, _ now: UInt64, patience: UInt64) {
        precondition(self.serial == nil)
        self.serial = serial
        began = now
        hasMoved = false
        deadline = now + patience
    }

    /// Something of the request under way has moved: it isn't given up within `patience` of that,
    /// as long as it lasts no longer than `durationMax` in all.
    public mutating func move(_ now: UInt64, patience: UInt64, durationMax: UInt64 = .max) {
        guard serial != nil else { return }
        hasMoved = true
        let (latest, isEndless) = began.addingReportingOverflow(durationMax)
        deadline = max(deadline, isEndless ? now + patience : min(now + patience, latest))
    }

    /// How long the request under way has been.
    public func duration(_ now: UInt64) -> UInt64 { now - began }

    /// It went well, as far as can be said yet: failures of before still count.
    public mutating func end() { serial = nil }

    /// It went well; the next may be made after `pause`.
    public mutating func succeed(_ now: UInt64, pause: UInt64 = 0) {
        serial = nil
        failures = 0
        notBefore = now + pause
    }

    /// It failed.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - broughtBytes: Whether something came of it nevertheless.
    ///   - chance: A random number, which spreads the pause.
    public mutating func fail(_ now: UInt64, broughtBytes: Bool, chance: UInt64) {
        let hasWorked = broughtBytes || duration(now) >= Self.worked
        serial = nil
        failures = hasWorked ? 1 : min(failures + 1, 16)
        guard !hasWorked else {
            notBefore = now
            return
        }
        let whole = min(Self.pauseMin << UInt64(failures - 1), Self.pauseMax)
        notBefore = now + whole / 2 + chance % (whole / 2 + 1)
    }
}
