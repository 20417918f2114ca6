internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Resolver

/// What a tunnel needs only until it is established: the head, the addresses, the attempts.
///
/// It lives apart from the tunnel, so that a parked tunnel doesn't pay for it. Its block of memory
/// holds the request head, and what came after it, in front; the answer to a refusal behind. A
/// ClientHello may reach to where that would be: by then the request isn't refused any more.
struct Opening: ~Copyable {
    /// Attempts to connect that may run at once.
    static var attemptsMax: Int { 4 }

    var parser = HeadParser()
    /// Bytes of the head block that have been received.
    var received = 0
    /// Bytes of them that are the head.
    var headCount = 0
    var port: UInt16 = 0
    /// Whom a stream asks for; a CONNECT has it in its head.
    var authority: Authority?
    /// How the request stands by the rules; nil if there are none.
    var standing: Standing?
    /// Whether there are other rules than those by which its addresses have been judged.
    var isJudgedAnew = false
    /// What the first bytes of the tunnel must be.
    var tls = TLSRequirement.none
    var helloParser = HelloParser()
    /// The parent proxy by way of which it goes, by number; -1 if it goes straight.
    var parent: Int32 = -1
    /// The decision by which it does.
    var parentDecision: Decision?
    /// The address that the parent is asked for; nil if it is the name of the request.
    var askedAddress: Address?
    var answerParser = ResponseHeadParser(toConnect: true)
    /// Bytes of the request to the parent that have been sent, and its length.
    var parentSent = 0
    var parentCount = 0
    /// Bytes of the parent's answer that have been received; once it is read, of what came behind.
    var parentReceived = 0
    /// Bytes of interim answers before it.
    var interimCount = 0
    /// Whether the resolver knows this tunnel as a waiter.
    var isWaiting = false
    /// Whether all that will be known of the name is known.
    var isResolved = false
    /// Addresses that may be dialled.
    var candidates = Candidates()
    /// Answers of the resolver that have been taken into the candidates.
    var hasTaken6 = false
    var hasTaken4 = false
    /// Sockets of the attempts; -1 where there is none.
    var attempts: InlineArray<4, Int32> = InlineArray(repeating: -1)
    var attemptEndpoints: InlineArray<4, Endpoint>
    /// When each attempt began; never for one that makes room for another.
    var attemptStarts = InlineArray<4, Instant>(repeating: Instant(nanoseconds: 0))
    var attemptCount = 0
    /// Where it is counted besides its meter, as long as addresses of two rules are tried; only
    /// where it has a meter.
    var spareMeter: Meter?
    /// When the next attempt is due, the present ones notwithstanding.
    var nextAttempt = Instant(nanoseconds: 0)
    /// When the phase under way is over.
    var deadline = Instant(nanoseconds: 0)
    /// When dialling begins with the addresses that are known by then; nil while there are none.
    var dialFrom: Instant?
    /// When the client is looked at for having gone; nil once a poll does that.
    var watchFrom: Instant?
    /// The most telling of the failures so far.
    var failure: Refusal?
    /// The errno behind it; 0 if there is none.
    var failureCode: Int32 = 0
    /// Bytes of the answer that have been sent, and its length.
    var answerSent = 0
    var answerCount = 0
    /// Whether a receive into the head block is under way.
    var isReceiving = false
    /// Bytes of a refused client that have been thrown away.
    var discarded = 0

    init() {
        attemptEndpoints = InlineArray(repeating: Endpoint(Address(v4: 0), port: 0))
    }

    /// The attempt that has waited longest, of those that don't make room already.
    func oldestAttempt() -> Int? {
        var oldest: Int?
        for index in 0..<Opening.attemptsMax
        where attempts[index] >= 0 && attemptStarts[index] != Instant(nanoseconds: .max) {
            if let known = oldest, attemptStarts[known] <= attemptStarts[index] { continue }
            oldest = index
        }
        return oldest
    }

    /// Keeps `refusal`, and the errno behind it, unless a more telling one is known; whether it
    /// has.
    ///
    /// An answer from the target tells more than silence, silence more than an address that policy
    /// forbids, and that more than that the name servers failed; that one family has no address
    /// says nothing as long as the other's are unknown.
    @discardableResult
    mutating func note(_ refusal: Refusal, code: Int32 = 0) -> Bool {
        func weight(_ refusal: Refusal) -> Int {
            switch refusal {
            case .connectionRefused, .connectReset: 5
            case .connectTimeout, .unroutable: 4
            case .noSource, .outOfDescriptors, .noSourcePort, .ruleLimit, .userLimit, .tooFast: 3
            case .addressProhibited, .addressOfNoHost, .ownListener, .addressDenied, .noRuleAllows:
                2
            case .nameServerFailure, .resolveTimeout: 1
            default: 0
            }
        }
        if let failure, weight(failure) >= weight(refusal) { return false }
        failure = refusal
        failureCode = code
        return true
    }
}
