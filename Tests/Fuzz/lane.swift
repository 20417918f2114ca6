import MethodTunnel

/// Feeds arbitrary bytes to both ends of a session as a lane, and checks what they claim of them.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count).span
    for role in [Session.Role.server, .client] {
        let whole = outcome(bytes, role, step: max(bytes.count, 1))
        require(outcome(bytes, role, step: 1) == whole, "any split gives the same outcome")
        require(outcome(bytes, role, step: 7) == whole, "any split gives the same outcome")
    }
    if let target = Target(parsing: bytes, in: 0..<bytes.count) {
        var text: [UInt8] = []
        target.write(to: &text)
        require(text.count == bytes.count, "a target is written as it is read")
        for index in text.indices {
            require(text[index] == bytes[index], "a target is written as it is read")
        }
    }
    if let preamble = Preamble(decoding: bytes) {
        var text: [UInt8] = []
        preamble.write(to: &text)
        for index in text.indices {
            require(text[index] == bytes[index], "a preamble is written as it is read")
        }
    }
    _ = Parameters(decoding: bytes, from: 0)
    return 0
}

/// What came of a lane.
private struct Outcome: Equatable {
    var violation: Violation?
    var taken: UInt64 = 0
    /// The bytes that came in order on each stream.
    var streams: [[UInt8]] = Array(repeating: [], count: 4)
}

private func terms() -> SessionTerms {
    var terms = SessionTerms()
    terms.slots = 4
    terms.streamWindow = 4096
    terms.sessionWindow = 65536
    return terms
}

private func outcome(_ bytes: Span<UInt8>, _ role: Session.Role, step: Int) -> Outcome {
    var session = Session(role, terms())
    var pool = BlockPool(count: 4 * 17, blockSize: terms().blockSize)
    var blocks = [UInt8](repeating: 0, count: pool.count * pool.blockSize)
    open(&session)
    var outcome = Outcome()
    var start = 0
    while start < bytes.count, outcome.violation == nil {
        let piece = bytes.extracting(start..<min(start + step, bytes.count))
        do throws(Violation) {
            try take(piece, &session, &pool, &blocks)
        } catch {
            outcome.violation = error
        }
        start += piece.count
    }
    if outcome.violation == nil { outcome.taken = session.taken(0) }
    for slot in 0..<4 { outcome.streams[slot] = read(slot, &session, &pool, blocks) }
    while let frame = session.nextFrame(0) { require(frame.count == 0, "nothing was offered") }
    if outcome.violation != nil { outcome.streams = [] }
    return outcome
}

private func open(_ session: inout Session) {
    for slot in 0..<3 {
        let number = StreamNumber(slot: slot, generation: 1)
        if session.role == .client {
            require(session.beginOpening() == number, "slots are used in turn")
            if slot > 0 { session.wasOpened(number) }
        } else {
            require((try? session.open(number, fingerprint: 0)) == .new, "a slot is free")
            if slot > 0 { _ = session.didConnect(slot) }
        }
    }
}

private func take(
    _ bytes: Span<UInt8>,
    _ session: inout Session,
    _ pool: inout BlockPool,
    _ blocks: inout [UInt8]
) throws(Violation) {
    var index = 0
    while true {
        switch try session.take(0, bytes, &index, &pool) {
        case .end:
            require(index == bytes.count, "all was taken")
            return
        case .blocked: fatalError("a window does not fit in its blocks")
        case .store(let place, let range):
            require(range.count == place.range.count && !range.isEmpty, "a place fits its bytes")
            require(place.range.upperBound <= pool.blockSize, "a place lies in its block")
            for offset in 0..<range.count {
                let target = place.block * pool.blockSize + place.range.lowerBound + offset
                blocks[target] = bytes[range.lowerBound + offset]
            }
        }
    }
}

private func read(
    _ slot: Int,
    _ session: inout Session,
    _ pool: inout BlockPool,
    _ blocks: [UInt8]
) -> [UInt8] {
    var bytes: [UInt8] = []
    guard session[slot].phase == .open else { return bytes }
    while let place = session.readable(slot, pool) {
        for offset in place.range { bytes.append(blocks[place.block * pool.blockSize + offset]) }
        session.consume(slot, place.range.count, &pool)
    }
    require(bytes.count <= 4096, "a stream keeps within its window")
    return bytes
}

private func require(_ claim: Bool, _ text: StaticString) {
    if !claim { fatalError("not true: \(text)") }
}
