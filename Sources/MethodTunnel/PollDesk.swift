/// The server's side of the requests for down lanes: who gets new frames, and who only what is
/// kept.
///
/// New frames go to one request a lane, the first time that it is seen and while none with a
/// greater serial has come. So nothing is put on a lane for a request that the client has given up.
public struct PollDesk: Sendable {
    /// What comes of a request for a lane.
    public enum Start: Equatable, Sendable {
        /// Send what is kept, then new frames; another request may have to be ended for it.
        case fresh(endsOther: Bool)
        /// Send what is kept and nothing else, at once.
        case replay(endsOther: Bool)
        /// What it asks for is no longer kept; this is where that begins.
        case stale(UInt64)
    }

    private var greatest: [UInt64]
    private var isServing: [Bool]

    /// A desk for `lanes` lanes, none of which was asked for.
    public init(lanes: Int) {
        greatest = Array(repeating: 0, count: lanes)
        isServing = Array(repeating: false, count: lanes)
    }

    /// Whether a request for `lane` gets new frames.
    public func serves(_ lane: Int) -> Bool { isServing[lane] }

    /// A request for `lane` from `offset` on has come.
    ///
    /// - Throws: If the lane doesn't exist, or never had bytes up to there.
    public mutating func begin(
        _ lane: Int,
        from offset: UInt64,
        serial: UInt64,
        of session: inout Session
    ) throws(Violation) -> Start {
        guard lane < greatest.count else { throw .outOfRange }
        let start = session.outlets[lane].acknowledged
        guard offset >= start else { return .stale(start) }
        try session.acknowledge(lane, offset)
        let endsOther = isServing[lane] && serial >= greatest[lane]
        if endsOther { isServing[lane] = false }
        guard serial > greatest[lane] else { return .replay(endsOther: endsOther) }
        greatest[lane] = serial
        isServing[lane] = true
        return .fresh(endsOther: endsOther)
    }

    /// The request that got new frames of `lane` has been answered, or its connection has ended.
    public mutating func end(_ lane: Int) { isServing[lane] = false }
}
