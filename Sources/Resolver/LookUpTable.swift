internal import Internet
internal import Kernel

/// One name that is being looked up, is remembered, or is still read by its waiters.
struct LookUp {
    /// Where a look-up stands in its life.
    enum State: UInt8 {
        /// The place is not in use.
        case free
        /// At least one question is on its way.
        case pending
        /// Complete, and found by its name until it expires or is evicted.
        case cached
        /// Complete and no longer found by its name; there for its waiters only.
        case detached
    }

    var state = State.free
    var name: Name
    var answer = NameAnswer(both: .pending)
    /// From when on the IPv6 part must be asked for again.
    var v6Expiry = Instant(nanoseconds: 0)
    /// From when on the IPv4 part must be asked for again.
    var v4Expiry = Instant(nanoseconds: 0)
    /// The first waiter's number, or -1.
    var firstWaiter: Int32 = -1
    /// Whether it was found since the eviction hand last passed.
    var wasUsed = false
    /// Whether it is for its waiters only while it is pending, and isn't found by its name.
    var isDisowned = false

    init(name: Name) {
        self.name = name
    }

    /// Whether the answer of a family came and did not expire.
    func isFresh(_ family: Family, _ now: Instant) -> Bool {
        switch family {
        case .v6: answer.v6 != .pending && now < v6Expiry
        case .v4: answer.v4 != .pending && now < v4Expiry
        }
    }

    /// Takes over what another look-up knows about a family.
    mutating func take(_ family: Family, from other: LookUp) {
        switch family {
        case .v6:
            answer.v6 = other.answer.v6
            answer.v6Addresses = other.answer.v6Addresses
            v6Expiry = other.v6Expiry
        case .v4:
            answer.v4 = other.answer.v4
            answer.v4Addresses = other.answer.v4Addresses
            v4Expiry = other.v4Expiry
        }
    }

    /// Takes in what a server said about a family.
    mutating func take(_ reply: Reply, expiry: Instant) {
        switch reply.family {
        case .v6:
            answer.v6 = reply.answer
            answer.v6Addresses = reply.addresses
            v6Expiry = expiry
        case .v4:
            answer.v4 = reply.answer
            answer.v4Addresses = reply.addresses
            v4Expiry = expiry
        }
    }
}

/// All look-ups of a resolver: the pending ones and the cache, each name in it once.
///
/// Places are made as they are needed, up to the bounds of the options, and used again.
struct LookUpTable {
    private let cachedMax: Int
    private(set) var entries: [LookUp] = []
    private var places: [Name: UInt32] = [:]
    private var freePlaces: [UInt32] = []
    private(set) var pendingCount = 0
    private(set) var cachedCount = 0
    private var hand = 0

    /// An empty table that remembers at most `cachedMax` names.
    init(cachedMax: Int) {
        self.cachedMax = cachedMax
    }

    /// The look-up at `place`.
    ///
    /// Not `_read`: without optimisation, Swift 6.3.1 then reads a name that is used as a key after
    /// the yield ended.
    subscript(place: UInt32) -> LookUp {
        get { entries[Int(place)] }
        _modify { yield &entries[Int(place)] }
    }

    /// Where the look-up of `name` is, pending or cached.
    mutating func find(_ name: Name) -> UInt32? {
        guard let place = places[name] else { return nil }
        entries[Int(place)].wasUsed = true
        return place
    }

    /// Takes in a look-up whose name must not be found in the table, as a pending one.
    mutating func insertPending(_ lookUp: LookUp) -> UInt32 {
        let place: UInt32
        if let free = freePlaces.popLast() {
            place = free
            entries[Int(place)] = lookUp
        } else {
            place = UInt32(entries.count)
            entries.append(lookUp)
        }
        entries[Int(place)].state = .pending
        entries[Int(place)].wasUsed = true
        let previous = places.updateValue(place, forKey: lookUp.name)
        precondition(previous == nil)
        pendingCount += 1
        return place
    }

    /// The last answer of a look-up came: it is remembered if there is something worth it, and it
    /// wasn't disowned.
    mutating func complete(_ place: UInt32, now: Instant) {
        precondition(entries[Int(place)].state == .pending)
        pendingCount -= 1
        let isWorthIt = self[place].isFresh(.v6, now) || self[place].isFresh(.v4, now)
        let isDisowned = self[place].isDisowned
        guard isWorthIt, cachedMax > 0, !isDisowned else {
            if !isDisowned { forget(place) }
            entries[Int(place)].state = .detached
            return freeIfUnused(place)
        }
        if cachedCount >= cachedMax { evictOne(now: now) }
        entries[Int(place)].state = .cached
        cachedCount += 1
    }

    /// Takes a cached look-up out of the cache; its waiters keep it.
    mutating func detach(_ place: UInt32) {
        precondition(entries[Int(place)].state == .cached)
        cachedCount -= 1
        forget(place)
        entries[Int(place)].state = .detached
        freeIfUnused(place)
    }

    /// Takes all cached look-ups out of the cache, and disowns the pending ones.
    mutating func forgetAll() {
        for place in entries.indices {
            switch entries[place].state {
            case .cached: detach(UInt32(place))
            case .pending: disown(UInt32(place))
            case .free, .detached: break
            }
        }
    }

    /// Lets a pending look-up answer those who wait for it, and nobody who asks later.
    mutating func disown(_ place: UInt32) {
        precondition(entries[Int(place)].state == .pending)
        guard !entries[Int(place)].isDisowned else { return }
        forget(place)
        entries[Int(place)].isDisowned = true
    }

    /// Gives the place back if nobody reads it any more.
    mutating func freeIfUnused(_ place: UInt32) {
        guard self[place].state == .detached, self[place].firstWaiter < 0 else { return }
        entries[Int(place)].state = .free
        freePlaces.append(place)
    }

    /// Makes a look-up unknown under its name.
    private mutating func forget(_ place: UInt32) {
        let known = places.removeValue(forKey: entries[Int(place)].name)
        precondition(known == place)
    }

    /// Drops the next cached name that expired or was not used since the hand last passed.
    private mutating func evictOne(now: Instant) {
        while true {
            hand = hand + 1 < entries.count ? hand + 1 : 0
            guard entries[hand].state == .cached else { continue }
            let isFresh = entries[hand].isFresh(.v6, now) || entries[hand].isFresh(.v4, now)
            guard isFresh, entries[hand].wasUsed else {
                return detach(UInt32(hand))
            }
            entries[hand].wasUsed = false
        }
    }
}
