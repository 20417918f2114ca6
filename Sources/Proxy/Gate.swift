internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Synchronization

/// Knows who may use the proxy.
///
/// A password's hash takes tens of milliseconds, so a few threads of low priority compute it, each
/// only once for all that wait for the same credentials. What has been found good is known for a
/// while, to the gate and to each worker that has asked.
final class Gate: Sendable {
    /// What can be said at once of credentials.
    enum Word {
        case good(Known)
        /// The answer comes to the worker's mailbox.
        case wait
        case tooManyFailures
        /// More credentials wait than can be checked soon.
        case busy
    }

    /// The tunnel or carrier that asks.
    struct Asker: Sendable {
        let worker: Int
        var isCarrier = false
        let slot: UInt32
        let generation: UInt16
    }

    /// What `asker` asked about: good for a while, or wrong.
    struct Answer: Sendable {
        let asker: Asker
        let known: Known?
    }

    /// Credentials to be checked.
    struct Question {
        let tag: Tag
        /// Nil if it isn't UTF-8, as no user's name is.
        let user: String?
        let password: Secret
        let client: Address

        init(_ tag: Tag, _ credentials: Presented, _ client: Address) {
            self.tag = tag
            let user = credentials.user
            let name = (0..<user.count).map { user[$0] }
            self.user = String(validating: name, as: UTF8.self)
            password = Secret(credentials.password)
            self.client = client
        }
    }

    struct State: ~Copyable {
        var users: Users
        var questions: [Question] = []
        var askers: [Tag: [Asker]] = [:]
        /// Until when credentials are good.
        var good: [Tag: Instant] = [:]
        var suspects = Suspects()
    }

    /// Credentials that may wait to be checked.
    private static var questionsMax: Int { 1024 }
    /// Good credentials that are remembered.
    static var goodMax: Int { 65536 }

    let state: Mutex<State>
    let mailboxes: [Mailbox]
    /// Nanoseconds for which credentials that were good are.
    let lifetime: UInt64
    let failuresMax: Int
    private let keys: (UInt64, UInt64)
    /// Changes when users are read again: what was known before counts no more.
    let version = Atomic<UInt32>(0)
    let mustStop = Atomic<Bool>(false)
    /// Wakes a thread for each question.
    let semaphore: Int32

    /// A gate for `users`, which answers by `mailboxes`, one of each worker.
    ///
    /// - Throws: `SystemError` of eventfd(2).
    init(
        _ users: Users,
        _ configuration: Configuration,
        _ mailboxes: [Mailbox]
    ) throws(SystemError) {
        state = Mutex(State(users: users))
        self.mailboxes = mailboxes
        lifetime = configuration.credentialLifetime
        failuresMax = configuration.maxFailuresPerClient
        keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        semaphore = try Descriptors.makeSemaphore()
    }

    /// How `credentials` are known.
    func tag(_ credentials: Presented) -> Tag { Tag(credentials, keys) }

    /// Whether `known` says of `tag` that it is good.
    func confirms(_ known: Known, _ tag: Tag, _ now: Instant) -> Bool {
        known.tag == tag && known.until > now
            && known.version == version.load(ordering: .acquiring)
    }

    /// Asks whether `credentials` of `client` are good.
    func ask(
        _ credentials: Presented,
        _ tag: Tag,
        _ client: Address,
        _ asker: Asker,
        _ now: Instant
    ) -> Word {
        let (word, isNew) = state.withLock { state -> (Word, Bool) in
            if let until = state.good[tag], until > now {
                let version = version.load(ordering: .relaxed)
                return (.good(Known(tag: tag, until: until, version: version)), false)
            }
            let isNew = state.askers[tag] == nil
            if isNew {
                guard state.suspects.mayTry(client, failuresMax, now) else {
                    return (.tooManyFailures, false)
                }
                guard state.questions.count < Gate.questionsMax else { return (.busy, false) }
                state.suspects.tries(client, now)
                state.questions.append(Question(tag, credentials, client))
            }
            state.askers[tag, default: []].append(asker)
            return (.wait, isNew)
        }
        if isNew { Descriptors.signal(semaphore) }
        return word
    }

    /// From now on `users` count; every password is checked again.
    func replace(_ users: Users) {
        state.withLock { state in
            state.users = users
            state.good = [:]
            version.add(1, ordering: .releasing)
        }
    }
}
