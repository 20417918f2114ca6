import MethodTunnel
import Testing

private let second: UInt64 = 1_000_000_000

@Suite struct PollDeskTests {
    /// A server with 32 bytes on lane 0.
    private static func server() -> Session {
        var session = Session(.server, SessionTerms())
        for _ in 0..<2 { _ = session.pad(0) }
        return session
    }

    @Test func `new frames go to a request once, and to the greatest serial`() throws {
        var session = Self.server()
        var desk = PollDesk(lanes: 4)
        #expect(try desk.begin(0, from: 0, serial: 5, of: &session) == .fresh(endsOther: false))
        #expect(desk.serves(0) && !desk.serves(1))
        #expect(try desk.begin(0, from: 0, serial: 4, of: &session) == .replay(endsOther: false))
        #expect(desk.serves(0), "one that comes late ends nothing")
        #expect(try desk.begin(0, from: 16, serial: 6, of: &session) == .fresh(endsOther: true))
        #expect(try desk.begin(0, from: 16, serial: 6, of: &session) == .replay(endsOther: true))
        #expect(!desk.serves(0), "a repetition ends the one that waits")
        #expect(try desk.begin(0, from: 16, serial: 6, of: &session) == .replay(endsOther: false))
        #expect(try desk.begin(0, from: 0, serial: 7, of: &session) == .stale(16))
        #expect(try desk.begin(0, from: 16, serial: 7, of: &session) == .fresh(endsOther: false))
        desk.end(0)
        #expect(try desk.begin(0, from: 32, serial: 8, of: &session) == .fresh(endsOther: false))
        #expect(session.outlets[0].keptByteCount == 0)
    }

    @Test func `a request can't be from beyond what was sent`() {
        var session = Self.server()
        var desk = PollDesk(lanes: 4)
        #expect(throws: Violation.neverSent) {
            try desk.begin(0, from: 33, serial: 1, of: &session)
        }
        #expect(throws: Violation.neverSent) {
            try desk.begin(1, from: 1 << 61, serial: 1, of: &session)
        }
        #expect(throws: Violation.outOfRange) {
            try desk.begin(4, from: 0, serial: 1, of: &session)
        }
        #expect(!desk.serves(0))
    }
}

@Suite struct AttemptsTests {
    @Test func `pauses double, are spread, and have an end`() {
        var attempts = Attempts()
        var now: UInt64 = 0
        for whole in [100, 200, 400, 800, 1600, 3200, 5000, 5000].map({ $0 * second / 1000 }) {
            for (chance, pause) in [(0, whole / 2), (whole / 2, whole)] {
                var copy = attempts
                copy.begin(1, now, patience: 30 * second)
                copy.fail(now + 1, broughtBytes: false, chance: chance)
                #expect(copy.notBefore == now + 1 + pause)
                #expect(!copy.isDue(now + pause) && copy.isDue(now + 1 + pause))
            }
            attempts.begin(1, now, patience: 30 * second)
            attempts.fail(now, broughtBytes: false, chance: 0)
            now = attempts.notBefore
        }
        attempts.begin(9, now, patience: second)
        attempts.succeed(now)
        #expect(attempts.failures == 0 && attempts.isDue(now))
    }

    @Test func `what had worked is tried again at once`() {
        var attempts = Attempts()
        attempts.begin(1, 0, patience: 30 * second)
        attempts.fail(1, broughtBytes: true, chance: 0)
        #expect(attempts.isDue(1))
        attempts.begin(2, 1, patience: 30 * second)
        attempts.fail(1 + 2 * second, broughtBytes: false, chance: 0)
        #expect(attempts.isDue(1 + 2 * second))
    }

    @Test func `a request is given up when it has had its time`() {
        var attempts = Attempts()
        attempts.begin(1, 5, patience: 10)
        #expect(!attempts.hasExpired(14) && attempts.hasExpired(15))
        #expect(attempts.nextTime(5) == 15 && !attempts.isDue(15))
    }
}

@Suite struct PollingTests {
    @Test func `bytes that come as they are sent make it stream`() {
        var polling = Polling(waitMax: 55)
        let probe = TunnelOperation.flow(lane: 0, offset: 9, waitSeconds: 3, size: 100)
        #expect(polling.operation(0, 9, size: 100) == probe)
        #expect(polling.didSucceed(second, early: second, hadFrames: false) == 0)
        let flow = { TunnelOperation.flow(lane: 0, offset: 9, waitSeconds: $0, size: 100) }
        #expect(polling.operation(0, 9, size: 100) == flow(5))
        #expect(polling.laneCount(4) == 1)
        polling.didFail(10 * second, after: second)
        for wait in [10, 20, 40, 55, 55] as [UInt64] {
            _ = polling.didSucceed(20 * second, early: second, hadFrames: true)
            #expect(polling.operation(0, 9, size: 100) == flow(wait))
        }
        polling.didFail(30 * second, after: second)
        #expect(polling.mode == .flow, "one failure now and then is none of streaming")
        polling.didFail(40 * second, after: second)
        #expect(polling.mode == .longPoll)
    }

    @Test func `bytes that are held back until the end make it poll long`() {
        var polling = Polling(waitMax: 55)
        _ = polling.didSucceed(second, early: second, hadFrames: true, isHeldBack: true)
        #expect(polling.mode == .longPoll)
        var other = Polling(waitMax: 55)
        _ = other.didSucceed(second, early: second, hadFrames: false)
        #expect(other.mode == .flow)
        _ = other.didSucceed(6 * second, early: 5 * second, hadFrames: true, isHeldBack: true)
        #expect(other.mode == .longPoll)
    }

    @Test func `a probe that is full at once tells nothing`() {
        var polling = Polling(waitMax: 55)
        let last = second - 1
        _ = polling.didSucceed(last, early: 0, hadFrames: true, lasted: last)
        #expect(polling.mode == .probing)
        _ = polling.didSucceed(last, early: 2 * second, hadFrames: true, isCrowded: true)
        #expect(polling.mode == .probing)
        _ = polling.didSucceed(2 * last, early: 0, hadFrames: false, lasted: last)
        #expect(polling.mode == .longPoll)
    }

    @Test func `answers that come at once, or not at all, make it poll long`() {
        var polling = Polling(waitMax: 55)
        _ = polling.didSucceed(3 * second, early: 0, hadFrames: true)
        #expect(polling.mode == .longPoll && polling.laneCount(4) == 2 && polling.laneCount(1) == 1)
        #expect(polling.patience == 70 * second)
        var other = Polling(waitMax: 55)
        other.didFail(second, after: second)
        #expect(other.mode == .longPoll)
    }

    @Test func `polls that fail early wait less, at last not at all`() {
        var polling = Polling(waitMax: 55)
        polling.didFail(0, after: 0)
        polling.didFail(second, after: 30 * second)
        #expect(polling.waitSeconds == 15)
        polling.didFail(second, after: 0)
        #expect(polling.waitSeconds == 15, "a connection that is refused tells nothing of waits")
        polling.didFail(second, after: 3 * second)
        #expect(polling.mode == .shortPoll && polling.patience == 15 * second)
        let poll = TunnelOperation.poll(lane: 0, offset: 0, waitSeconds: 0, size: 9)
        #expect(polling.operation(0, 0, size: 9) == poll)
    }

    @Test func `short polls come at once while there are bytes, and ever more seldom without`() {
        var polling = Polling(waitMax: 55)
        polling.didFail(0, after: 0)
        polling.didFail(0, after: 2 * second)
        let milliseconds = { polling.didSucceed(0, early: 0, hadFrames: $0) / 1_000_000 }
        #expect((0..<7).map { _ in milliseconds(false) } == [50, 100, 200, 400, 800, 1600, 2000])
        #expect(milliseconds(true) == 0 && milliseconds(false) == 50 && milliseconds(false) == 100)
        polling.didSend()
        #expect(polling.didSucceed(0, early: 0, hadFrames: false) == 50_000_000)
    }

    @Test func `it probes again after a while, or when told that things have changed`() {
        var polling = Polling(waitMax: 55)
        polling.didFail(0, after: 0)
        _ = polling.didSucceed(599 * second, early: 0, hadFrames: false)
        #expect(polling.mode == .longPoll)
        _ = polling.didSucceed(600 * second, early: 0, hadFrames: false)
        #expect(polling.mode == .probing)
        _ = polling.didSucceed(603 * second, early: 2 * second, hadFrames: false)
        #expect(polling.mode == .flow)
        polling.probe()
        #expect(polling.mode == .probing)
    }
}

@Suite struct ClientScheduleTests {
    private static func schedule() -> ClientSchedule {
        ClientSchedule(Parameters(), lanes: 2, serial: 100, seed: 1, now: 0)
    }

    @Test func `each request has a greater serial, and one is under way on a lane`() throws {
        var session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        #expect(schedule.mayDownload(0, 0) && !schedule.mayDownload(1, 0))
        #expect(schedule.beginDownload(0, 0, session).serial == 101)
        #expect(!schedule.mayDownload(0, 0) && schedule.mayUpload(0, 0))
        _ = session.pad(0)
        let target = schedule.beginUpload(0, 0, session)
        #expect(target == Target(.send(lane: 0, offset: 0), session: .field, serial: 102))
        #expect(!schedule.mayUpload(0, 0) && schedule.mayUpload(1, 0))
        try schedule.didUpload(0, serial: 102, upTo: 16, 5, &session)
        #expect(schedule.mayUpload(0, 5) && session.outlets[0].keptByteCount == 0)
        #expect(throws: Violation.neverSent) {
            try schedule.didUpload(0, serial: 102, upTo: 17, 5, &session)
        }
    }

    @Test func `a server that takes nothing is not asked at once again`() throws {
        var session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        _ = session.pad(0)
        let serial = schedule.beginUpload(0, 0, session).serial
        try schedule.didUpload(0, serial: serial, upTo: 0, 5, &session)
        #expect(!schedule.mayUpload(0, 5) && schedule.mayUpload(0, second))
    }

    @Test func `answers to requests that were given up say nothing`() {
        let session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        let first = schedule.beginDownload(0, 0, session).serial
        let hasExpired = [18 * second - 1, 18 * second].map { schedule.expire($0) }
        #expect(hasExpired == [false, true])
        #expect(!schedule.isUnderWay(first) && schedule.polling.mode == .longPoll)
        let next = schedule.beginDownload(0, 18 * second, session).serial
        schedule.didDownload(0, serial: first, 19 * second, early: 0, byteCount: 9)
        schedule.downloadFailed(0, serial: first, 19 * second, broughtBytes: true)
        #expect(schedule.isUnderWay(next))
    }

    @Test func `a lane that is no longer wanted is asked for until its answer was whole`() {
        let session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        var serial = schedule.beginDownload(0, 0, session).serial
        schedule.didDownload(0, serial: serial, 0, early: 0, byteCount: 0)
        #expect(schedule.mayDownload(1, 0), "long polls have two lanes")
        serial = schedule.beginDownload(1, 0, session).serial
        schedule.probe()
        schedule.downloadFailed(1, serial: serial, second, broughtBytes: true)
        schedule.probe()
        #expect(schedule.mayDownload(1, second))
        serial = schedule.beginDownload(1, second, session).serial
        schedule.didDownload(1, serial: serial, second, early: 2 * second, byteCount: 0)
        #expect(schedule.polling.mode == .flow && !schedule.mayDownload(1, 2 * second))
    }

    @Test func `bodies that are too large are halved`() {
        var session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        _ = session.pad(0)
        var now: UInt64 = 0
        for expected in [1 << 19, 1 << 18, 1 << 17] {
            let serial = schedule.beginUpload(0, now, session).serial
            schedule.uploadFailed(0, serial: serial, now, isTooLarge: true)
            #expect(schedule.bodyMax == expected)
            now += 10 * second
        }
    }

    @Test func `a body that failed is followed by a small one, whose answer tells all`() throws {
        var session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        for _ in 0..<2000 { _ = session.pad(0) }
        var now: UInt64 = 0
        func send(_ taken: UInt64?) throws {
            let serial = schedule.beginUpload(0, now, session).serial
            if let taken {
                try schedule.didUpload(0, serial: serial, upTo: taken, now, &session)
            } else {
                schedule.uploadFailed(0, serial: serial, now)
            }
            now += 10 * second
        }
        try send(nil)
        #expect(schedule.bodyMax(0) == 4096 && schedule.bodyMax(1) == 1 << 20)
        try send(nil)
        #expect(schedule.bodyMax == 1 << 20, "small ones tell nothing of large ones")
        try send(16)
        #expect(schedule.bodyMax(0) == 1 << 20)
        try send(nil)
        try send(32)
        // Two of 31 KiB have failed in a row.
        #expect(schedule.bodyMax(0) == (32000 - 16) / 2)
        try send(20000)
        #expect(schedule.bodyMax(0) == 15992 + 1999 + 1)
    }

    @Test func `a send that moves has more time, but no more than a server gives it`() {
        var session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        _ = session.pad(0)
        let serial = schedule.beginUpload(0, 0, session).serial
        schedule.uploadMoved(0, serial: serial, 20 * second)
        var hasExpired = [schedule.expire(50 * second - 1)]
        schedule.uploadMoved(0, serial: serial, 45 * second)
        hasExpired.append(schedule.expire(60 * second - 1))
        hasExpired.append(schedule.expire(60 * second))
        #expect(hasExpired == [false, false, true])
    }

    @Test func `an answer of which bytes come is waited for`() {
        let session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        let serial = schedule.beginDownload(0, 0, session).serial
        for time in 1...10 as ClosedRange<UInt64> {
            schedule.downloadMoved(0, serial: serial, time * 20 * second)
            let hasExpired = schedule.expire((time * 20 + 19) * second)
            #expect(!hasExpired)
        }
        let hasExpired = schedule.expire(230 * second)
        #expect(hasExpired)
    }

    @Test(arguments: [
        (second, [131_072, 65536, 32768, 16384, 8192, 4096]),
        // By far too much: the session lives for few of these.
        (10 * second, [65536, 16384, 4096, 4096, 4096, 4096]),
    ])
    func `polls that bring nothing ask for less, and for more again`(
        lasting: UInt64,
        less: [UInt64]
    ) {
        let session = Session(.client, SessionTerms())
        var schedule = Self.schedule()
        var now: UInt64 = 0
        var asked: UInt64 = 0
        func ask() -> UInt64 {
            let target = schedule.beginDownload(0, now, session)
            now += lasting
            guard case .poll(_, _, _, let size) = target.operation else {
                schedule.downloadFailed(0, serial: target.serial, now, broughtBytes: false)
                return 0
            }
            return size
        }
        func fail() { schedule.downloadFailed(0, serial: 101 + asked, now, broughtBytes: false) }
        #expect(ask() == 0, "a probe is no poll")
        asked += 1
        var sizes: [UInt64] = []
        for _ in 0..<7 {
            now += 10 * second
            sizes.append(ask())
            fail()
            asked += 1
        }
        #expect(sizes == [1 << 24] + less)
        now += 10 * second
        #expect(ask() == 4096)
        schedule.didDownload(0, serial: 101 + asked, now, early: 0, byteCount: 4000)
        now += 10 * second
        #expect(ask() == 4096 + 513)
    }

    @Test func `a session is over when nothing was heard for the grace time`() {
        var schedule = Self.schedule()
        #expect(!schedule.isOver(120 * second - 1) && schedule.isOver(120 * second))
        schedule.didHear(100 * second)
        #expect(!schedule.isOver(220 * second - 1))
        #expect(schedule.wakeTime(100 * second) == 220 * second)
    }
}
