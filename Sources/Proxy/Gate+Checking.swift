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
    func run() {
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
    func stop(threads: Int) {
        mustStop.store(true, ordering: .releasing)
        for _ in 0..<threads { Descriptors.signal(semaphore) }
    }

    private func nextCheck() -> Check? {
        let now = Instant.now()
        return state.withLock { state in
            guard let question = state.questions.next(state.suspects, failuresMax, now) else {
                return nil
            }
            let user = question.user ?? ""
            let hash = state.users.hash(of: user)
            return Check(
                question: question,
                hash: hash ?? state.users.decoy(for: user),
                isUser: hash != nil,
                version: version.load(ordering: .relaxed)
            )
        }
    }

    private func finish(_ check: Check, isGood: Bool) {
        let question = check.question
        let now = Instant.now()
        let known = Known(tag: question.tag, until: now + lifetime, version: check.version)
        var askers: [Asker] = []
        var stopped: [Asker] = []
        var givenUp: [Asker] = []
        let wakes = state.withLock { state -> Int in
            let missed = state.questions.finish(question)
            guard check.version == version.load(ordering: .relaxed) else {
                // The users are others by now.
                let (isAdded, other) = state.questions.add(question)
                if let lost = isAdded ? other : question { givenUp = state.takeAskers(of: lost) }
                return missed + 1
            }
            askers = state.takeAskers(of: question)
            if isGood {
                state.remember(known, of: question.user ?? "", now)
            } else if state.suspects.fails(question.client, now) == failuresMax {
                let others = state.questions.giveUp(question.client)
                stopped = others.flatMap { state.takeAskers(of: $0) }
            }
            return missed
        }
        answer(askers, isGood ? .good(known) : .refused(.credentialsWrong))
        answer(stopped, .refused(.tooManyFailures))
        answer(givenUp, .refused(.credentialsUnchecked))
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
