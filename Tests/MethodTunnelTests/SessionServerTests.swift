import Connect
import MethodTunnel
import Testing

private let first = StreamNumber(slot: 0, generation: 1)
private let second = StreamNumber(slot: 1, generation: 1)

/// A server's end of a session, and what a hostile client may try.
@Suite struct SessionServerTests {
    private static func server(_ change: (inout SessionTerms) -> Void = { _ in }) -> End {
        var terms = SessionTerms()
        terms.slots = 8
        change(&terms)
        return End(.server, terms, blockCount: 8 * 17)
    }

    // MARK: Opening

    @Test func `a repeated opening is known as such as long as the slot has it`() throws {
        let end = Self.server()
        #expect(try end.ask(first, fingerprint: 1) == .new)
        #expect(try end.ask(first, fingerprint: 1) == .waits)
        let isOpen = end.session.didConnect(0)
        #expect(isOpen)
        #expect(try end.ask(first, fingerprint: 1) == .opened)
        #expect(throws: Violation.otherAuthority) {
            try end.ask(first, fingerprint: 2)
        }
        #expect(try end.ask(second, fingerprint: 3) == .new)
        let isRefused = end.session.refuse(1, .portNotAllowed)
        #expect(isRefused)
        #expect(try end.ask(second, fingerprint: 3) == .refused(.portNotAllowed))
        #expect(try end.ask(second, fingerprint: 3) == .refused(.portNotAllowed))
    }

    @Test func `a stream that has ended is never opened again`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(try end.endStream(first))
        #expect(try end.ask(first, fingerprint: 1) == .gone)
        let next = StreamNumber(slot: 0, generation: 2)
        #expect(try end.ask(next, fingerprint: 1) == .new)
        #expect(try end.ask(first, fingerprint: 1) == .gone)
        #expect(try end.endStream(first) == false)
        #expect(end.session[0].phase == .opening)
    }

    @Test func `a stream whose client has ended it is neither opened nor refused`() throws {
        let end = Self.server()
        for slot in 0..<2 {
            let number = StreamNumber(slot: slot, generation: 1)
            #expect(try end.ask(number, fingerprint: 1) == .new)
            #expect(try end.endStream(number))
        }
        let isOpen = end.session.didConnect(0)
        let isRefused = end.session.refuse(1, .portNotAllowed)
        #expect(!isOpen && !isRefused)
        for slot in 0..<2 {
            let number = StreamNumber(slot: slot, generation: 1)
            #expect(try end.ask(number, fingerprint: 1) == .gone)
        }
    }

    @Test func `an opening that comes behind its end is gone`() throws {
        let end = Self.server()
        #expect(try end.endStream(first))
        #expect(try end.ask(first, fingerprint: 1) == .gone)
        #expect(end.violation(of: [.reset(second)]) == nil)
        #expect(try end.ask(second, fingerprint: 1) == .gone)
        #expect(try end.frames().map(\.kind) == [.done, .done])
    }

    @Test func `a slot has one stream at a time`() throws {
        let end = Self.server()
        try end.open(first)
        let next = StreamNumber(slot: 0, generation: 2)
        #expect(try end.ask(next, fingerprint: 1) == .busy)
        #expect(end.violation(of: [.reset(next)]) == .unknownStream)
        #expect(throws: Violation.outOfRange) {
            try end.ask(StreamNumber(slot: 8, generation: 1), fingerprint: 1)
        }
    }

    @Test func `a server that drains tells it and opens nothing new`() throws {
        let end = Self.server()
        try end.open(first)
        var hasToTell = [end.session.hasToTell]
        end.session.drain()
        end.session.drain()
        hasToTell.append(end.session.hasToTell)
        #expect(try end.frames().map(\.kind) == [.drain])
        hasToTell.append(end.session.hasToTell)
        #expect(hasToTell == [false, true, false])
        #expect(try end.ask(first, fingerprint: 1) == .opened)
        #expect(try end.ask(second, fingerprint: 1) == .draining)
    }

    // MARK: Bytes

    @Test func `bytes that come out of order are put in order`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(end.violation(of: [.data(first, 4, [5, 6])], on: 1) == nil)
        #expect(end.readAll(0).isEmpty)
        #expect(end.violation(of: [.end(first, 8)], on: 2) == nil)
        #expect(end.violation(of: [.data(first, 0, [1, 2, 3, 4])]) == nil)
        #expect(end.readAll(0) == [1, 2, 3, 4, 5, 6])
        #expect(!end.session[0].isAtEnd)
        #expect(end.violation(of: [.data(first, 6, [7, 8])], on: 3) == nil)
        #expect(end.readAll(0) == [7, 8])
        #expect(end.session[0].isAtEnd)
        #expect(end.pool.freeCount == end.pool.count)
    }

    @Test func `bytes that come twice are taken once`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(
            end.violation(of: [.data(first, 0, [1, 2, 3]), .data(first, 1, [9, 9, 4])]) == nil
        )
        #expect(end.readAll(0) == [1, 2, 3, 4])
        #expect(end.violation(of: [.data(first, 0, [9, 9]), .data(first, 4, [5])]) == nil)
        #expect(end.readAll(0) == [5])
    }

    @Test func `five gaps are a violation, four are not`() throws {
        let end = Self.server()
        try end.open(first)
        for gap in 1...4 {
            #expect(end.violation(of: [.data(first, UInt64(gap * 10), [1])]) == nil)
        }
        #expect(end.violation(of: [.data(first, 50, [1])]) == .gaps)
    }

    @Test func `windows can't be overrun`() throws {
        let end = Self.server {
            $0.streamWindow = 4096
            $0.sessionWindow = 5000
        }
        try end.open(first)
        try end.open(second)
        let bytes = [UInt8](repeating: 1, count: 4096)
        #expect(end.violation(of: [.data(first, 1 << 40, [1])]) == .streamWindow)
        #expect(end.violation(of: [.data(first, 0, bytes)], on: 1) == nil)
        #expect(end.violation(of: [.data(first, 4096, [1])], on: 2) == .streamWindow)
        #expect(end.violation(of: [.data(second, 0, bytes)], on: 3) == .sessionWindow)
    }

    @Test func `windows are raised as bytes are passed on, and not before`() throws {
        let end = Self.server { $0.streamWindow = 4096 }
        try end.open(first)
        let bytes = [UInt8](repeating: 1, count: 4096)
        #expect(end.violation(of: [.data(first, 0, bytes)]) == nil)
        #expect(try end.frames().isEmpty)
        #expect(end.readAll(0).count == 4096)
        #expect(try end.frames().map(\.position) == [8192])
        #expect(end.violation(of: [.data(first, 4096, bytes)]) == nil)
    }

    @Test func `an end is kept to`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(end.violation(of: [.data(first, 0, [1, 2]), .end(first, 2)]) == nil)
        #expect(end.violation(of: [.data(first, 2, [3])], on: 1) == .beyondEnd)
        #expect(end.violation(of: [.end(first, 3)], on: 2) == .beyondEnd)
        try end.open(second)
        let frames = [RawFrame.data(second, 0, [1, 2]), .end(second, 1)]
        #expect(end.violation(of: frames, on: 3) == .beyondEnd)
    }

    @Test func `what came behind a gap of a stream that is reset is nobody's`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(end.violation(of: [.data(first, 5, [1, 2]), .reset(first)]) == nil)
        #expect(end.session[first.slot].readableByteCount == 0)
        #expect(end.session.readable(first.slot, end.pool) == nil)
    }

    @Test func `a stream without room waits, and goes on where it stopped`() throws {
        let terms = SessionTerms()
        let end = End(.server, terms, blockCount: 1)
        try end.open(first)
        let bytes = (0..<5000).map { UInt8($0 % 251) }
        let frame = RawFrame.data(first, 0, bytes).bytes
        #expect(try !end.take(0, frame, from: 0))
        let taken = Int(end.session.taken(0))
        #expect(taken == 16 + terms.blockSize)
        #expect(end.readAll(0) == Array(bytes[..<terms.blockSize]))
        #expect(try end.take(0, frame, from: taken))
        #expect(end.readAll(0) == Array(bytes[terms.blockSize...]))
    }

    @Test func `a stream is quiet when the client has all of it, and nothing waits`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(end.isQuiet(0))
        end.session.offer(0, 10)
        #expect(!end.isQuiet(0))
        let frame = end.nextFrame(1)
        #expect(frame?.count == 10 && !end.isQuiet(0))
        try end.session.acknowledge(1, 25)
        #expect(!end.isQuiet(0))
        try end.session.acknowledge(1, 26)
        #expect(end.isQuiet(0))
        #expect(end.violation(of: [.data(first, 1, [2])]) == nil)
        #expect(!end.isQuiet(0), "a byte before it is on its way")
        #expect(end.violation(of: [.data(first, 0, [1])], on: 2) == nil)
        #expect(!end.isQuiet(0))
        #expect(end.readAll(0) == [1, 2])
        #expect(end.isQuiet(0))
    }

    // MARK: What may not be

    @Test func `frames of streams that were never opened are violations`() throws {
        for frame in [
            .data(first, 0, [1]), .end(first, 0), .window(first, 1),
        ] as [RawFrame] {
            #expect(Self.server().violation(of: [frame]) == .unknownStream)
            let end = Self.server()
            #expect(try end.ask(first, fingerprint: 1) == .new)
            #expect(end.violation(of: [frame]) == .unknownStream, "before it is established")
        }
        let outside = StreamNumber(slot: 8, generation: 1)
        #expect(Self.server().violation(of: [.data(outside, 0, [1])]) == .outOfRange)
        #expect(Self.server().violation(of: [.reset(outside)]) == .outOfRange)
    }

    @Test func `frames of a server are violations at a server`() throws {
        let end = Self.server()
        try end.open(first)
        #expect(end.violation(of: [.done(first)]) == .wrongRole)
        #expect(Self.server().violation(of: [RawFrame(type: 8)]) == .wrongRole)
    }

    @Test func `nobody has what was never sent`() throws {
        let end = Self.server()
        #expect(end.violation(of: [.kept(0, 1)]) == .neverSent)
        #expect(end.violation(of: [.kept(4, 0)], on: 1) == .outOfRange)
        #expect(throws: Violation.neverSent) { try end.session.acknowledge(1, 1 << 61) }
        #expect(throws: Violation.outOfRange) { try end.session.acknowledge(4, 0) }
        #expect(throws: Violation.outOfRange) { try end.take(4, [0], from: 0) }
    }

    @Test func `what comes late for a stream that has ended is ignored, but counts`() throws {
        let end = Self.server { $0.sessionWindow = 4096 }
        for generation in 1...20 {
            let number = StreamNumber(slot: 0, generation: UInt32(generation))
            try end.open(number)
            _ = try end.endStream(number)
            let late = [UInt8](repeating: 1, count: 1024)
            #expect(end.violation(of: [.data(number, 0, late), .end(number, 1024)]) == nil)
            // The window of the session moves on, or this would fail at the fifth.
            _ = try end.frames()
        }
        #expect(end.pool.freeCount == end.pool.count)
    }

    @Test func `a reset drops what waits, and gives its room back`() throws {
        let end = Self.server { $0.sessionWindow = 8192 }
        try end.open(first)
        #expect(end.violation(of: [.data(first, 0, [UInt8](repeating: 1, count: 3000))]) == nil)
        #expect(end.pool.freeCount < end.pool.count)
        #expect(end.violation(of: [.reset(first, 2)]) == nil)
        #expect(end.session[0].peerReset == .connectionFailed)
        #expect(end.pool.freeCount == end.pool.count)
        let frames = try end.frames()
        #expect(frames.map(\.kind) == [.window, .done])
        #expect(frames.first?.position == 8192 + 3000)
        #expect(end.violation(of: [.reset(first)]) == nil)
        #expect(try end.frames().map(\.kind) == [.done], "each reset is answered")
    }
}
