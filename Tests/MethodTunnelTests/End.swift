import MethodTunnel

/// One end of a session, with the memory that is its caller's, and what lies beyond.
class End {
    var session: Session
    var pool: BlockPool
    private var rings: [[UInt8]]
    private var blocks: [UInt8]
    /// By slot.
    var programs: [Program?]

    init(_ role: Session.Role, _ terms: SessionTerms, blockCount: Int) {
        session = Session(role, terms)
        pool = BlockPool(count: blockCount, blockSize: terms.blockSize)
        rings = Array(
            repeating: Array(repeating: 0, count: terms.laneCapacity),
            count: terms.lanes
        )
        blocks = Array(repeating: 0, count: blockCount * terms.blockSize)
        programs = Array(repeating: nil, count: terms.slots)
    }

    // MARK: Lanes

    /// Puts frames on `lane`, `limit` bytes of them at most.
    ///
    /// - Returns: How many bytes were put.
    @discardableResult
    func fill(_ lane: Int, limit: Int = .max) -> Int {
        var count = 0
        while true {
            let start = session.outlets[lane].end
            guard let frame = session.nextFrame(lane, limit: limit - count) else { return count }
            write(frame, lane, start)
            count += Frame.headerByteCount + frame.count
        }
    }

    /// Writes a frame, with the bytes of its program, into the ring.
    func write(_ frame: Frame, _ lane: Int, _ start: UInt64) {
        let capacity = rings[lane].count
        let header = frame.encoded
        for index in header.indices {
            rings[lane][Int((start + UInt64(index)) % UInt64(capacity))] = header[index]
        }
        guard frame.kind == .data, let slot = StreamNumber(rawValue: frame.stream)?.slot
        else { return }
        var place = Int((start + UInt64(header.count)) % UInt64(capacity))
        let position = Int(frame.position)
        for byte in payload(slot, position..<(position + frame.count)) {
            rings[lane][place] = byte
            place = place + 1 == capacity ? 0 : place + 1
        }
    }

    /// The next bytes that the source of `slot` has.
    func payload(_ slot: Int, _ positions: Range<Int>) -> [UInt8] {
        guard let key = programs[slot]?.writesKey else { return [] }
        programs[slot]?.framed += positions.count
        return positions.map { payloadByte(key, $0) }
    }

    /// The kept bytes of `lane` from `offset` on, `countMax` at most.
    func bytes(_ lane: Int, from offset: UInt64, countMax: Int) -> [UInt8] {
        let end = min(session.outlets[lane].end, offset + UInt64(countMax))
        var bytes: [UInt8] = []
        var next = offset
        while next < end {
            let piece = session.outlets[lane].piece(from: next, countMax: Int(end - next))
            bytes.append(contentsOf: rings[lane][piece])
            next += UInt64(piece.count)
        }
        return bytes
    }

    /// Takes bytes of `lane` from `start` of `bytes` on; whether there was room for all.
    func take(_ lane: Int, _ bytes: [UInt8], from start: Int) throws(Violation) -> Bool {
        var index = start
        while true {
            switch try session.take(lane, bytes.span, &index, &pool) {
            case .end: return true
            case .blocked: return false
            case .store(let place, let range):
                let target = place.block * pool.blockSize + place.range.lowerBound
                for offset in 0..<range.count {
                    blocks[target + offset] = bytes[range.lowerBound + offset]
                }
            }
        }
    }

    /// What stands at `place`.
    func bytes(at place: Placement) -> [UInt8] {
        let start = place.block * pool.blockSize
        return Array(
            blocks[(start + place.range.lowerBound)..<(start + place.range.upperBound)]
        )
    }

    // MARK: Programs

    /// Checks that the last program of `slot`, if there was one, ended as planned.
    func checkLast(_ slot: Int) throws {
        guard programs[slot]?.isAsPlanned ?? true else {
            let program = String(describing: programs[slot])
            throw Failure("\(session.role): slot \(slot) ended too early: \(program)")
        }
    }

    /// Lets the program of `slot` write, read, end and reset as it wants.
    func attend(_ slot: Int) throws {
        guard var program = programs[slot], !program.isFinished else { return }
        let stream = session[slot]
        if stream.peerReset != nil { return try leave(slot, &program) }
        guard stream.phase == .open else { return }
        session.offer(slot, program.produced - program.framed)
        if program.produced == program.writeTotal { session.endOutgoing(slot) }
        try read(slot, &program)
        if let limit = program.resetsAfter, program.framed + program.readCount >= limit {
            program.hasReset = true
            session.reset(slot, .ended, &pool)
        } else if session[slot].isAtEnd {
            guard program.readCount == program.readTotal else { throw Failure("an early end") }
            program.sawEnd = true
            session.finishIncoming(slot)
        }
        programs[slot] = program
    }

    /// The other end has reset the stream: what came in order before is read first.
    private func leave(_ slot: Int, _ program: inout Program) throws {
        if session[slot].phase == .open {
            try read(slot, &program)
            programs[slot] = program
            guard session[slot].readableByteCount == 0 else { return }
            session.reset(slot, .ended, &pool)
        }
        programs[slot]?.wasReset = true
    }

    private func read(_ slot: Int, _ program: inout Program) throws {
        while program.readCount < program.appetite, let place = session.readable(slot, pool) {
            let count = min(place.range.count, program.appetite - program.readCount)
            let start = place.block * pool.blockSize + place.range.lowerBound
            for offset in 0..<count {
                let expected = payloadByte(program.readsKey, program.readCount + offset)
                guard blocks[start + offset] == expected else {
                    throw Failure("byte \(program.readCount + offset) is another one")
                }
            }
            program.readCount += count
            session.consume(slot, count, &pool)
        }
        if program.readCount > program.readTotal { throw Failure("more bytes than were sent") }
    }
}
