import MethodTunnel

/// A frame as anybody could write it, right or wrong.
struct RawFrame {
    var type: UInt8
    var code: UInt8 = 0
    var count: Int?
    var stream: UInt32 = 0
    var position: UInt64 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        let count = UInt16(count ?? payload.count)
        var bytes = [type, code, UInt8(count >> 8), UInt8(count & 0xff)]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(stream >> UInt32(shift) & 0xff)) }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(position >> UInt64(shift) & 0xff))
        }
        return bytes + payload
    }

    static func data(_ stream: StreamNumber, _ position: UInt64, _ payload: [UInt8]) -> RawFrame {
        RawFrame(type: 1, stream: stream.rawValue, position: position, payload: payload)
    }

    static func end(_ stream: StreamNumber, _ position: UInt64) -> RawFrame {
        RawFrame(type: 2, stream: stream.rawValue, position: position)
    }

    static func reset(_ stream: StreamNumber, _ code: UInt8 = 0) -> RawFrame {
        RawFrame(type: 3, code: code, stream: stream.rawValue)
    }

    static func window(_ stream: StreamNumber?, _ limit: UInt64) -> RawFrame {
        RawFrame(type: 4, stream: stream?.rawValue ?? 0, position: limit)
    }

    static func done(_ stream: StreamNumber) -> RawFrame {
        RawFrame(type: 5, stream: stream.rawValue)
    }

    static func kept(_ lane: UInt8, _ offset: UInt64) -> RawFrame {
        RawFrame(type: 6, code: lane, position: offset)
    }
}

extension End {
    /// Takes frames on `lane`; the violation, if they are one.
    func violation(of frames: [RawFrame], on lane: Int = 0) -> Violation? {
        do throws(Violation) {
            _ = try take(lane, frames.flatMap(\.bytes), from: 0)
            return nil
        } catch {
            return error
        }
    }

    // What changes a session, as a macro of the tests can call it.

    func beginOpening() -> StreamNumber? { session.beginOpening() }

    func nextFrame(_ lane: Int) -> Frame? { session.nextFrame(lane) }

    func nextTouched() -> Int? { session.nextTouched() }

    func isQuiet(_ slot: Int) -> Bool { session.isQuiet(slot) }

    func ask(_ number: StreamNumber, fingerprint: UInt64) throws(Violation) -> Opening {
        try session.open(number, fingerprint: fingerprint)
    }

    func endStream(_ number: StreamNumber) throws(Violation) -> Bool {
        try session.end(number, .ended, &pool)
    }

    /// Opens a stream at the server.
    func open(_ number: StreamNumber) throws {
        guard try ask(number, fingerprint: 1) == .new else { throw Failure("not new") }
        _ = session.didConnect(number.slot)
    }

    /// All frames that wait, put on `lane`, which the other end has then.
    func frames(on lane: Int = 0) throws -> [Frame] {
        var frames: [Frame] = []
        while let frame = session.nextFrame(lane) { frames.append(frame) }
        try session.acknowledge(lane, session.outlets[lane].end)
        return frames
    }

    /// The bytes of the stream in `slot` that wait, which are then passed on.
    func readAll(_ slot: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while let place = session.readable(slot, pool) {
            bytes += self.bytes(at: place)
            session.consume(slot, place.range.count, &pool)
        }
        return bytes
    }
}
