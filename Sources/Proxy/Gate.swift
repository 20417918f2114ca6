package import Connect
package import Internet
package import Kernel
package import Policy
internal import Synchronization

/// Knows who may use the proxy.
///
/// A password's hash takes tens of milliseconds, so a few threads of low priority compute it, each
/// only once for all that wait for the same credentials. What has been found good is known for a
/// while, to the gate and to each worker that has asked.
package final class Gate: Sendable {
    /// What is to be said of credentials.
    package enum Finding: Sendable {
        case good(Known)
        /// They are wrong, or weren't looked at.
        case refused(Refusal)
    }

    /// The tunnel or carrier that asks.
    package struct Asker: Sendable {
        let worker: Int
        var isCarrier = false
        package let slot: UInt32
        let generation: UInt16

        package init(worker: Int, isCarrier: Bool = false, slot: UInt32, generation: UInt16) {
            self.worker = worker
            self.isCarrier = isCarrier
            self.slot = slot
            self.generation = generation
        }
    }

    /// What `asker` asked about.
    package struct Answer: Sendable {
        package let asker: Asker
        package let finding: Finding
    }

    /// Credentials that were good: until when, and whose they are.
    struct Good {
        let until: Instant
        let user: [UInt8]
    }

    struct State: ~Copyable {
        var users: Users
        var questions = Questions()
        var askers: [Tag: [Asker]] = [:]
        var good: [Tag: Good] = [:]
        var reputations = Reputations()
    }

    /// Good credentials that are remembered.
    static var goodMax: Int { 65536 }
    /// Those who may wait for the same credentials; some of them may be gone.
    private static var askersMax: Int { 1 << 17 }

    let state: Mutex<State>
    private let mailboxes: [Mailbox]
    /// Nanoseconds for which credentials that were good are.
    let lifetime: UInt64
    let failuresMax: Int
    /// Nanoseconds for which askers wait.
    private let patience: UInt64
    private let keys: (UInt64, UInt64)
    /// Changes when users are read again: what was known before counts no more.
    let version = Atomic<UInt32>(0)
    let mustStop = Atomic<Bool>(false)
    /// Wakes a thread for each question.
    let semaphore: Int32

    /// A gate for `users`, which answers by `mailboxes`, one of each worker.
    ///
    /// - Throws: `SystemError` of eventfd(2).
    package init(
        _ users: Users,
        _ configuration: Configuration,
        _ mailboxes: [Mailbox]
    ) throws(SystemError) {
        state = Mutex(State(users: users))
        self.mailboxes = mailboxes
        lifetime = configuration.credentialLifetime
        failuresMax = configuration.maxFailuresPerClient
        patience = configuration.headTimeout
        keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        semaphore = try Descriptors.makeSemaphore()
    }

    /// How `credentials` are known.
    package func tag(_ credentials: Presented) -> Tag { Tag(credentials, keys) }

    /// Whether `known` says of `tag` that it is good.
    func confirms(_ known: Known, _ tag: Tag, _ now: Instant) -> Bool {
        known.tag == tag && known.until > now && isCurrent(known)
    }

    /// Whether `known` was found out by the users of now.
    func isCurrent(_ known: Known) -> Bool {
        known.version == version.load(ordering: .acquiring)
    }

    /// Asks whether `credentials` of `client` are good; if that can't be said at once, nil, and the
    /// answer comes to the worker's mailbox, unless `asker` stops waiting before.
    package func ask(
        _ credentials: Presented,
        _ tag: Tag,
        _ client: Address,
        _ asker: Asker,
        _ now: Instant
    ) -> Finding? {
        let client = Reputations.Key(client)
        var others: [Asker] = []
        var isNew = false
        let finding = state.withLock { state -> Finding? in
            if let good = state.good[tag], good.until > now {
                state.reputations.succeeds(client, now)
                let version = version.load(ordering: .relaxed)
                return .good(Known(tag: tag, until: good.until, version: version))
            }
            guard state.askers[tag, default: []].count < Gate.askersMax else {
                return .refused(.credentialsUnchecked)
            }
            isNew = state.askers[tag] == nil
            if isNew {
                let question = Question(tag, credentials, client)
                let (refusal, dropped) = add(question, now, &state)
                others = dropped.flatMap { state.takeAskers(of: $0) }
                if let refusal { return .refused(refusal) }
            } else {
                state.questions.extend(tag, until: now + patience)
            }
            state.askers[tag, default: []].append(asker)
            return nil
        }
        answer(others, .refused(.credentialsUnchecked))
        if isNew, finding == nil { Descriptors.signal(semaphore) }
        return finding
    }

    /// Lets `question` wait, unless there is a reason not to; some others may wait no more.
    private func add(
        _ question: Question,
        _ now: Instant,
        _ state: inout State
    ) -> (refusal: Refusal?, dropped: [Question]) {
        let reputation = state.reputations.reputation(of: question.client, now)
        guard failuresMax == 0 || reputation.failures.count(now) < failuresMax else {
            return (.tooManyFailures, [])
        }
        let until = now + patience
        let (isAdded, dropped) = state.questions.add(question, until: until, reputation, now)
        return (isAdded ? nil : .credentialsUnchecked, dropped)
    }

    /// Tells `askers` what has been found.
    func answer(_ askers: [Asker], _ finding: Finding) {
        for asker in askers {
            mailboxes[asker.worker].send(Answer(asker: asker, finding: finding))
        }
    }

    /// From now on `users` count; those of before who are gone, or have another hash.
    ///
    /// What is known of those who are gone, or have another hash, counts no more. The others'
    /// hashes need not be computed again: that takes minutes where there are many of them.
    func replace(_ users: Users) -> Set<[UInt8]> {
        let before = state.withLock { $0.users }
        let changed = before.strangers(to: users)
        state.withLock { state in
            state.users = users
            if !changed.isEmpty {
                state.good = state.good.filter { !changed.contains($0.value.user) }
            }
            version.add(1, ordering: .releasing)
        }
        return changed
    }
}
