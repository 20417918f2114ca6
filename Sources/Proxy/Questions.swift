internal import Internet
internal import Kernel

/// Credentials to be checked.
struct Question {
    let tag: Tag
    /// Nil if it isn't UTF-8, as no user's name is.
    let user: String?
    let password: Secret
    let client: Suspects.Key

    init(_ tag: Tag, _ credentials: Presented, _ client: Suspects.Key) {
        self.tag = tag
        let user = credentials.user
        let name = (0..<user.count).map { user[$0] }
        self.user = String(validating: name, as: UTF8.self)
        password = Secret(credentials.password)
        self.client = client
    }
}

/// Credentials that wait to be checked, and those that are.
///
/// Those come first whose client has failed least of late, so that whoever floods the proxy with
/// wrong ones holds up nobody but himself. Where there is no room for more, the client that has
/// most of them gives one up for another's.
struct Questions {
    /// Those that may wait.
    private static var waitingMax: Int { 1024 }

    private var waiting: [Question] = []
    /// How many of each client wait, and are being checked.
    private var counts: [Suspects.Key: Int] = [:]
    private var checking: [Suspects.Key: Int] = [:]
    /// How many times nothing could be checked, though something waited.
    private var missed = 0

    /// Lets `question` wait; false if there is no room for it, else the one that gave its room up.
    mutating func add(_ question: Question) -> (isAdded: Bool, givenUp: Question?) {
        var givenUp: Question?
        if waiting.count >= Questions.waitingMax {
            let most = counts.values.max() ?? 0
            guard most > counts[question.client, default: 0] + 1,
                let last = waiting.lastIndex(where: { counts[$0.client] == most })
            else { return (false, nil) }
            givenUp = waiting.remove(at: last)
            leave(givenUp)
        }
        counts[question.client, default: 0] += 1
        waiting.append(question)
        return (true, givenUp)
    }

    /// The next to be checked, of a client that fails less than `failuresMax` times even if all
    /// that are checked of it fail; 0 is no limit.
    mutating func next(
        _ suspects: borrowing Suspects,
        _ failuresMax: Int,
        _ now: Instant
    ) -> Question? {
        var best: (failures: Int, index: Int)?
        for (index, question) in waiting.enumerated() {
            let failures = suspects.failures(of: question.client, now)
            let checking = checking[question.client, default: 0]
            guard failuresMax == 0 || failures + checking < failuresMax,
                failures + checking < best?.failures ?? .max
            else { continue }
            best = (failures + checking, index)
            if failures + checking == 0 { break }
        }
        guard let best else {
            if !waiting.isEmpty { missed += 1 }
            return nil
        }
        let question = waiting.remove(at: best.index)
        leave(question)
        checking[question.client, default: 0] += 1
        return question
    }

    /// `question` has been checked; how many times more may be looked for the next one.
    mutating func finish(_ question: Question) -> Int {
        if checking[question.client] == 1 {
            checking[question.client] = nil
        } else {
            checking[question.client]? -= 1
        }
        defer { missed = 0 }
        return missed
    }

    /// Gives up all that wait of `client`.
    mutating func giveUp(_ client: Suspects.Key) -> [Question] {
        guard counts.removeValue(forKey: client) != nil else { return [] }
        let all = waiting.filter { $0.client == client }
        waiting.removeAll { $0.client == client }
        return all
    }

    private mutating func leave(_ question: Question?) {
        guard let client = question?.client else { return }
        if counts[client] == 1 { counts[client] = nil } else { counts[client]? -= 1 }
    }
}
