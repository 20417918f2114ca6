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
        state.withLock { state in
            guard !state.questions.isEmpty else { return nil }
            let question = state.questions.removeFirst()
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
        let tag = check.question.tag
        let now = Instant.now()
        let known = Known(tag: tag, until: now + lifetime, version: check.version)
        let question = check.question
        let askers = state.withLock { state -> [Asker]? in
            guard check.version == version.load(ordering: .relaxed) else {
                // The users are others by now.
                state.questions.append(question)
                return nil
            }
            if isGood {
                state.suspects.passes(question.client)
                state.remember(known, now)
            } else {
                state.suspects.fails(question.client)
            }
            return state.askers.removeValue(forKey: tag) ?? []
        }
        guard let askers else { return Descriptors.signal(semaphore) }
        for asker in askers {
            mailboxes[asker.worker].send(Answer(asker: asker, known: isGood ? known : nil))
        }
    }
}

extension Gate.State {
    /// Remembers good credentials; if there are too many, those that are no more are forgotten.
    fileprivate mutating func remember(_ known: Known, _ now: Instant) {
        if good.count >= Gate.goodMax { good = good.filter { $0.value > now } }
        if good.count >= Gate.goodMax { good = [:] }
        good[known.tag] = known.until
    }
}
