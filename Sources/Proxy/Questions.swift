package import Kernel

/// Credentials that wait to be checked, and those that are.
///
/// First come those whose client has failed least of late. Of these, clients that have logged in of
/// late come before others, then those whose network has failed least, then those whose network has
/// fewest waiting. So whoever guesses holds up nobody but himself, be it from one address or from a
/// network of them; and who guesses from many networks holds up nobody who has been here before.
///
/// Among equals the oldest comes first, until it has waited for half of the time that it may. Then
/// more come than can be checked, and in their turn each would be checked when it is too late or
/// nearly so. The newest comes first then, which is in time, and the oldest go unchecked.
package struct Questions {
    /// A question, and when those who ask it stop waiting.
    struct Entry {
        let question: Question
        let client: Int
        let network: Int
        let since: Instant
        var until: Instant

        /// Whether it has waited longer than anybody will go on to wait for it.
        func isOverdue(_ now: Instant) -> Bool {
            now.nanoseconds(since: since) > until.nanoseconds(since: now)
        }
    }

    /// Those that may wait.
    static var waitingMax: Int { 1024 }

    /// Those that wait, the oldest first.
    var waiting: [Entry] = []
    private var checking: [Entry] = []
    private(set) var clients = Parties<Reputations.Key>()
    private(set) var networks = Parties<Reputations.Network>()
    /// How many times nothing could be checked, though something waited.
    private var missed = 0

    package init() {}

    /// Lets `question` wait until `until`; false if there is no room for it.
    ///
    /// Those that are dropped for it, or as it is too late for them, won't be checked.
    package mutating func add(
        _ question: Question,
        until: Instant,
        _ reputation: Reputation,
        _ now: Instant
    ) -> (isAdded: Bool, dropped: [Question]) {
        let client = clients.number(of: question.client)
        let network = networks.number(of: question.client.network)
        note(reputation, client, network)
        waiting.append(
            Entry(question: question, client: client, network: network, since: now, until: until)
        )
        clients[client].waiting += 1
        networks[network].waiting += 1
        guard waiting.count > Questions.waitingMax else { return (true, []) }
        var dropped = dropLate(now)
        guard waiting.count > Questions.waitingMax else { return (true, dropped) }
        let index = supernumerary(now)
        let isAdded = index < waiting.count - 1
        let givenUp = remove(index).question
        if isAdded { dropped.append(givenUp) }
        return (isAdded, dropped)
    }

    /// Somebody else asks the question of `tag`, and waits until `until`.
    package mutating func extend(_ tag: Tag, until: Instant) {
        if let index = waiting.lastIndex(where: { $0.question.tag == tag }) {
            waiting[index].until = max(waiting[index].until, until)
        } else if let index = checking.firstIndex(where: { $0.question.tag == tag }) {
            checking[index].until = max(checking[index].until, until)
        }
    }

    /// The next to be checked, of a client that fails less than `failuresMax` times even if all
    /// that are checked of it fail; 0 is no limit.
    ///
    /// For those that are dropped it is too late.
    package mutating func next(
        _ failuresMax: Int,
        _ now: Instant
    ) -> (question: Question?, dropped: [Question]) {
        let dropped = dropLate(now)
        let first = ends(<) { entry in
            guard failuresMax == 0 || mayFail(entry, failuresMax, now) else { return nil }
            return rank(entry, now)
        }
        guard let first else {
            if !waiting.isEmpty { missed += 1 }
            return (nil, dropped)
        }
        let isCrowded = waiting[first.oldest].isOverdue(now)
        let entry = waiting.remove(at: isCrowded ? first.newest : first.oldest)
        clients[entry.client].waiting -= 1
        networks[entry.network].waiting -= 1
        clients[entry.client].checking += 1
        networks[entry.network].checking += 1
        checking.append(entry)
        return (entry.question, dropped)
    }

    /// `question` has been checked, and this is its client's reputation by now; how many times more
    /// may be looked for the next one.
    package mutating func finish(_ question: Question, _ reputation: Reputation) -> Int {
        if let entry = takeChecked(question) {
            note(reputation, entry.client, entry.network)
            leave(entry)
        }
        defer { missed = 0 }
        return missed
    }

    /// `question` has been checked to no use, and is to be checked again; how many times more may
    /// be looked for the next one.
    package mutating func putBack(_ question: Question) -> Int {
        if let entry = takeChecked(question) {
            clients[entry.client].waiting += 1
            networks[entry.network].waiting += 1
            waiting.insert(entry, at: 0)
        }
        defer { missed = 0 }
        return missed + 1
    }

    /// Gives up all that wait of `client`.
    package mutating func giveUp(_ client: Reputations.Key) -> [Question] {
        drop { $0.question.client == client }
    }

    // MARK: Parties

    private mutating func note(_ reputation: Reputation, _ client: Int, _ network: Int) {
        clients[client].failures = reputation.failures
        clients[client].isRegular = reputation.isRegular
        networks[network].failures = reputation.networkFailures
    }

    private mutating func takeChecked(_ question: Question) -> Entry? {
        guard let index = checking.firstIndex(where: { $0.question.tag == question.tag }) else {
            return nil
        }
        let entry = checking.remove(at: index)
        clients[entry.client].checking -= 1
        networks[entry.network].checking -= 1
        return entry
    }

    private mutating func remove(_ index: Int) -> Entry {
        let entry = waiting.remove(at: index)
        didRemove(entry)
        return entry
    }

    private mutating func didRemove(_ entry: Entry) {
        clients[entry.client].waiting -= 1
        networks[entry.network].waiting -= 1
        leave(entry)
    }

    private mutating func leave(_ entry: Entry) {
        clients.leave(entry.question.client, entry.client)
        networks.leave(entry.question.client.network, entry.network)
    }

    /// Drops those for which everybody has stopped waiting.
    private mutating func dropLate(_ now: Instant) -> [Question] { drop { $0.until <= now } }

    private mutating func drop(where mustGo: (Entry) -> Bool) -> [Question] {
        guard waiting.contains(where: mustGo) else { return [] }
        let dropped = waiting.filter(mustGo)
        waiting.removeAll(where: mustGo)
        for entry in dropped { didRemove(entry) }
        return dropped.map(\.question)
    }
}
