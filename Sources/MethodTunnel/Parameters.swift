public import Internet

/// What one end tells of itself when a session is made.
public struct Parameters: Equatable, Sendable {
    /// Bytes that it takes of each stream at first.
    public var streamWindow: UInt32 = 65536
    /// Bytes that it takes of all streams at first.
    public var sessionWindow: UInt32 = 1_048_576
    /// Lanes up, and as many down.
    public var lanes: UInt32 = 4
    /// Slots for streams.
    public var slots: UInt32 = 1024
    /// The longest wait of a poll, in seconds.
    public var waitMax: UInt32 = 55
    /// The largest part of a lane that an answer brings, in bytes.
    public var answerMax: UInt32 = 1 << 24
    /// The largest body of `send`, in bytes.
    public var sendMax: UInt32 = 1 << 20
    /// How long a session lives without its client, in seconds.
    public var grace: UInt32 = 120
    /// Bytes of a down lane that the server keeps.
    public var laneCapacity: UInt32 = 262_144

    /// The defaults.
    public init() {}

    private static var fields: [(path: WritableKeyPath<Parameters, UInt32>, ClosedRange<UInt32>)] {
        [
            (\.streamWindow, 4096...1 << 24),
            (\.sessionWindow, 65536...1 << 28),
            (\.lanes, 1...4),
            (\.slots, 1...4096),
            (\.waitMax, 1...600),
            (\.answerMax, 4096...1 << 31),
            (\.sendMax, 4096...1 << 31),
            (\.grace, 10...86400),
            (\.laneCapacity, 32768...1 << 28),
        ]
    }

    /// Reads what stands in `bytes` from `start` on; nil if a key is repeated, a value out of its
    /// range, or the last parameter cut.
    public init?(decoding bytes: Span<UInt8>, from start: Int) {
        guard start <= bytes.count, (bytes.count - start) % 8 == 0 else { return nil }
        let fields = Self.fields
        var seen: UInt32 = 0
        for at in stride(from: start, to: bytes.count, by: 8) {
            let key = Digits.shortNumber(bytes, at)
            let value = Digits.shortNumber(bytes, at + 4)
            guard key >= 1, key <= fields.count else { continue }
            let (path, range) = fields[Int(key) - 1]
            guard seen & 1 << key == 0, range.contains(value) else { return nil }
            seen |= 1 << key
            self[keyPath: path] = value
        }
    }

    /// Writes the parameters that the client or the server sends.
    public func write(as role: Session.Role, to sink: inout some ByteSink) {
        let fields = Self.fields
        for index in 0..<(role == .client ? 3 : fields.count) {
            Digits.write(bytes: UInt32(index + 1), to: &sink)
            Digits.write(bytes: self[keyPath: fields[index].path], to: &sink)
        }
    }

    /// The terms of a session at the end `role`, if these are the words of both.
    public static func terms(_ role: Session.Role, client: Self, server: Self) -> SessionTerms {
        let (own, peer) = role == .client ? (client, server) : (server, client)
        var terms = SessionTerms()
        terms.lanes = Int(min(client.lanes, server.lanes))
        terms.slots = Int(server.slots)
        terms.streamWindow = Int(own.streamWindow)
        terms.sessionWindow = Int(own.sessionWindow)
        terms.peerStreamWindow = Int(peer.streamWindow)
        terms.peerSessionWindow = Int(peer.sessionWindow)
        terms.laneCapacity = Int(own.laneCapacity)
        terms.peerLaneCapacity = Int(peer.laneCapacity)
        // A client has memory for its own lanes alone, a server for those of many.
        if role == .server { terms.keptMax = terms.laneCapacity }
        return terms
    }
}
