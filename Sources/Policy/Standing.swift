/// How a request stands before its addresses are known: what was found out about it, for judging
/// each address without looking anything up again.
///
/// It is good only for the rules that made it.
public struct Standing: Sendable, BitwiseCopyable {
    /// The version of those rules.
    public let version: UInt32
    /// The narrowest host pattern; -1 if none matches.
    let host: Int32
    let user: Int32
    /// The narrowest network of the client; -1 if there is none.
    let client: Int32
    let port: UInt16
    let time: WeekTime
    /// The rule that decides whatever the address, unless one that looks at it comes before; the
    /// count of rules if there is none.
    var decider: Int32 = 0
    /// The first rule that reports whatever the address; not below the decider if there is none.
    var report: Int32 = 0
    /// Whether any address may be allowed.
    var mayPass = false

    init(
        version: UInt32,
        host: Int32,
        user: Int32,
        client: Int32,
        port: UInt16,
        time: WeekTime
    ) {
        self.version = version
        self.host = host
        self.user = user
        self.client = client
        self.port = port
        self.time = time
    }
}

/// What the rules say of a request, or of one of its addresses.
public struct Decision: Equatable, Sendable, BitwiseCopyable {
    /// Whether it may.
    public let isAllowed: Bool
    private let ruleNumber: Int32
    private let reportNumber: Int32
    /// Whether the rule names the address's network and lies within a special-purpose range.
    public let opens: Bool

    init(isAllowed: Bool, rule: Int32, report: Int32, opens: Bool) {
        self.isAllowed = isAllowed
        ruleNumber = rule
        reportNumber = report
        self.opens = opens
    }

    /// The rule that decides; nil if none matches, which denies.
    public var rule: Int? { ruleNumber < 0 ? nil : Int(ruleNumber) }

    /// The first rule above it that would have denied, had it not only been to report.
    public var report: Int? { reportNumber < 0 ? nil : Int(reportNumber) }
}
