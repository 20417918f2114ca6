/// The sessions of a server: who has them, by which ids, and for how long.
///
/// What belongs to a session is the caller's, under the index that it has here. Nothing is
/// allocated but when a session is made.
public struct SessionTable: Sendable {
    /// What comes of a request to make a session.
    public enum Making: Equatable, Sendable {
        /// A new one has this index.
        case new(Int)
        /// The request was repeated: this is the index of the session that it made.
        case again(Int)
        /// The session that it made has been used.
        case gone
        /// There are as many as there is room for.
        case full
    }

    private struct Entry: Sendable {
        let id: SessionID
        let wish: Wish
        var heard: UInt64
        var isNamed = false
    }

    /// What was asked for: the nonce is only the user's own.
    private struct Wish: Hashable, Sendable {
        let user: UInt64
        let nonce: SessionID
    }

    private let grace: UInt64
    private var entries: [Entry?]
    private var free: [Int]
    private var indices: [SessionID: Int] = [:]
    private var wishes: [Wish: Int] = [:]

    /// A table without sessions.
    ///
    /// - Parameters:
    ///   - capacity: Sessions at once.
    ///   - grace: Nanoseconds that a session lives without its client.
    public init(capacity: Int, grace: UInt64) {
        self.grace = grace
        entries = Array(repeating: nil, count: capacity)
        free = (0..<capacity).reversed()
        indices.reserveCapacity(capacity)
        wishes.reserveCapacity(capacity)
    }

    /// Sessions at present.
    public var count: Int { indices.count }

    /// The id of the session at `index`.
    public func id(_ index: Int) -> SessionID? { entries[index]?.id }

    /// A user asks for a session.
    ///
    /// - Parameters:
    ///   - nonce: What tells this wish from others of the user.
    ///   - user: Who; a number that only this user has.
    ///   - id: Random bits of the system's generator, never given before.
    ///   - now: The time.
    /// - Returns: The session, or why there is none.
    public mutating func make(
        nonce: SessionID,
        user: UInt64,
        id: SessionID,
        now: UInt64
    ) -> Making {
        let wish = Wish(user: user, nonce: nonce)
        if let made = made(nonce: nonce, user: user) { return made }
        guard indices[id] == nil, let index = free.popLast() else { return .full }
        entries[index] = Entry(id: id, wish: wish, heard: now)
        indices[id] = index
        wishes[wish] = index
        return .new(index)
    }

    /// What has become of the wish of `user` that carries `nonce`; nil if there was none.
    public func made(nonce: SessionID, user: UInt64) -> Making? {
        guard let index = wishes[Wish(user: user, nonce: nonce)], let entry = entries[index]
        else { return nil }
        return entry.isNamed ? .gone : .again(index)
    }

    /// The session that `user` names by `id`; nil if it is another's, or there is none.
    public mutating func find(_ id: SessionID, user: UInt64, now: UInt64) -> Int? {
        guard let index = indices[id], entries[index]?.wish.user == user else { return nil }
        entries[index]?.heard = now
        entries[index]?.isNamed = true
        return index
    }

    /// Something was heard of the session at `index`.
    public mutating func didHear(_ index: Int, now: UInt64) { entries[index]?.heard = now }

    /// Ends the session at `index`; its id means nothing from now on.
    public mutating func remove(_ index: Int) {
        guard let entry = entries[index] else { return }
        entries[index] = nil
        indices[entry.id] = nil
        wishes[entry.wish] = nil
        free.append(index)
    }

    /// When something was heard of the session at `index` last; nil if there is none.
    public func heard(_ index: Int) -> UInt64? { entries[index]?.heard }

    /// When the session at `index` ends if its client isn't heard before; nil if there is none.
    public func deadline(_ index: Int) -> UInt64? { entries[index].map { $0.heard + grace } }
}
