internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Synchronization

/// The threads that check credentials.
extension Gate {
    /// A question, with what is needed to answer it.
    private struct Check {
        let question: Question
        let hash: String
        /// Whether there is such a user; else the hash is another's, for the time that it takes.
        let isUser: Bool
        let version: UInt32
    }

    /// How many threads are worth while on a machine of `cpus` CPUs.
    static func threadCount(cpus: Int) -> Int { min(max(cpus / 4, 1), 4) }

    /// Checks credentials until it is stopped; the body of a thread.
    package func run() {
        Thread.yieldToOthers()
        while true {
            Descriptors.waitForSignal(semaphore)
            guard !mustStop.load(ordering: .acquiring) else { return }
            guard let check = nextCheck() else { continue }
            let isMatch = PasswordHash.matches(check.hash, check.question.password)
            finish(check, isGood: isMatch && check.isUser)
        }
    }

    /// Lets `threads` threads return.
    package func stop(threads: Int) {
        mustStop.store(true, ordering: .releasing)
        for _ in 0..<threads { Descriptors.signal(semaphore) }
    }

    private func nextCheck() -> Check? {
        let now = Instant.now()
        var dropped: [Asker] = []
        let check = state.withLock { state -> Check? in
            let (question, late) = state.questions.next(failuresMax, now)
            dropped = late.flatMap { state.takeAskers(of: $0) }
            guard let question else { return nil }
            let user = question.user ?? ""
            let hash = state.users.hash(of: user)
            return Check(
                question: question,
                hash: hash ?? state.users.decoy(for: user),
                isUser: hash != nil,
                version: version.load(ordering: .relaxed)
            )
        }
        // Whoever still waits is about to be told the same.
        answer(dropped, .refused(.credentialsUnchecked))
        return check
    }

    private func finish(_ check: Check, isGood: Bool) {
        let question = check.question
        let now = Instant.now()
        let known = Known(tag: question.tag, until: now + lifetime, version: check.version)
        var askers: [Asker] = []
        var stopped: [Asker] = []
        let wakes = state.withLock { state -> Int in
            guard check.version == version.load(ordering: .relaxed) else {
                // The users are others by now.
                return state.questions.putBack(question)
            }
            askers = state.takeAskers(of: question)
            if isGood {
                state.remember(known, of: question.user ?? "", now)
                state.reputations.succeeds(question.client, now)
            } else {
                state.reputations.fails(question.client, now)
            }
            let reputation = state.reputations.reputation(of: question.client, now)
            let missed = state.questions.finish(question, reputation)
            if !isGood, reputation.failures.count(now) == failuresMax {
                let others = state.questions.giveUp(question.client)
                stopped = others.flatMap { state.takeAskers(of: $0) }
            }
            return missed
        }
        answer(askers, isGood ? .good(known) : .refused(.credentialsWrong))
        answer(stopped, .refused(.tooManyFailures))
        for _ in 0..<wakes { Descriptors.signal(semaphore) }
    }
}

extension Gate.State {
    /// Those who asked `question`, and are to be answered now.
    mutating func takeAskers(of question: Question) -> [Gate.Asker] {
        askers.removeValue(forKey: question.tag) ?? []
    }

    /// Remembers good credentials; if there are too many, those that are no more are forgotten.
    fileprivate mutating func remember(_ known: Known, of user: String, _ now: Instant) {
        if good.count >= Gate.goodMax { good = good.filter { $0.value.until > now } }
        if good.count >= Gate.goodMax { good = [:] }
        good[known.tag] = Gate.Good(until: known.until, user: Array(user.utf8))
    }
}
