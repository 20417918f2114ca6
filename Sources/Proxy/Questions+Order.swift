internal import Kernel

/// Which question comes before which, and which has to go where there is no room.
extension Questions {
    /// The place of a question: the least is checked first.
    struct Rank: Comparable {
        let failures: Int
        let isRegular: Bool
        let networkFailures: Int
        let networkWaiting: Int

        static func < (left: Rank, right: Rank) -> Bool {
            if left.failures != right.failures { return left.failures < right.failures }
            if left.isRegular != right.isRegular { return left.isRegular }
            if left.networkFailures != right.networkFailures {
                return left.networkFailures < right.networkFailures
            }
            return left.networkWaiting < right.networkWaiting
        }
    }

    /// The place of `entry`; what is being checked counts as failed, but of a regular.
    func rank(_ entry: Entry, _ now: Instant) -> Rank {
        let client = clients[entry.client]
        let network = networks[entry.network]
        return Rank(
            failures: client.failures.count(now) + (client.isRegular ? 0 : client.checking),
            isRegular: client.isRegular,
            networkFailures: network.failures.count(now) + network.checking,
            networkWaiting: network.waiting
        )
    }

    /// Whether the client of `entry` fails less than `failuresMax` times even if all that are
    /// checked of it fail.
    func mayFail(_ entry: Entry, _ failuresMax: Int, _ now: Instant) -> Bool {
        let client = clients[entry.client]
        return client.failures.count(now) + client.checking < failuresMax
    }

    /// The oldest and the newest of the equals that come before all others by `precedes`; those
    /// without a rank don't count.
    func ends(
        _ precedes: (Rank, Rank) -> Bool,
        _ rank: (Entry) -> Rank?
    ) -> (oldest: Int, newest: Int)? {
        var found: (rank: Rank, oldest: Int, newest: Int)?
        for index in waiting.indices {
            guard let rank = rank(waiting[index]) else { continue }
            if let first = found, !precedes(rank, first.rank) {
                if rank == first.rank { found?.newest = index }
            } else {
                found = (rank, index, index)
            }
        }
        return found.map { ($0.oldest, $0.newest) }
    }

    /// Which of all that wait, one of them too many, has to go.
    ///
    /// The fullest network gives up one of its fullest client's, if the newest is of a network or
    /// of a client that has fewer; but a regular that hasn't failed gives up none for others. If
    /// all have about as many, it is the one that would be checked last.
    func supernumerary(_ now: Instant) -> Int {
        let newcomer = waiting[waiting.count - 1]
        let isForRegular = isFaithful(newcomer, now)
        var fullest: (index: Int, crowd: (network: Int, client: Int))?
        for index in waiting.indices where isForRegular || !isFaithful(waiting[index], now) {
            let crowd = crowd(waiting[index])
            if let fullest, crowd < fullest.crowd { continue }
            fullest = (index, crowd)
        }
        let own = crowd(newcomer)
        if let fullest, fullest.crowd.network > own.network || fullest.crowd.client > own.client {
            return fullest.index
        }
        guard let last = ends(>, { rank($0, now) }) else {
            preconditionFailure("nothing waits, and yet there is no room")
        }
        return waiting[last.oldest].isOverdue(now) ? last.oldest : last.newest
    }

    private func crowd(_ entry: Entry) -> (network: Int, client: Int) {
        (networks[entry.network].waiting, clients[entry.client].waiting)
    }

    private func isFaithful(_ entry: Entry, _ now: Instant) -> Bool {
        let client = clients[entry.client]
        return client.isRegular && client.failures.count(now) == 0
    }
}
