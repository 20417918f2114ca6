import MethodTunnel
import Testing

@Suite struct SessionTableTests {
    private static let second: UInt64 = 1_000_000_000

    private static func id(_ number: UInt64) -> SessionID { SessionID(number, ~number) }

    private static func table(capacity: Int = 4) -> SessionTable {
        SessionTable(capacity: capacity, grace: 120 * second)
    }

    @Test func `a repeated wish gets the same session until that is used`() {
        var table = Self.table()
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(10), now: 0) == .new(0))
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(11), now: 0) == .again(0))
        #expect(table.id(0) == Self.id(10) && table.count == 1)
        #expect(table.find(Self.id(10), user: 7, now: 0) == 0)
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(12), now: 0) == .gone)
    }

    @Test func `a session is its user's own, and so is the wish for it`() {
        var table = Self.table()
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(10), now: 0) == .new(0))
        #expect(table.find(Self.id(10), user: 8, now: 0) == nil)
        #expect(table.make(nonce: Self.id(1), user: 8, id: Self.id(11), now: 0) == .new(1))
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(12), now: 0) == .again(0))
    }

    @Test func `an id means nothing once its session has ended`() {
        var table = Self.table()
        #expect(table.make(nonce: Self.id(1), user: 7, id: Self.id(10), now: 0) == .new(0))
        table.remove(0)
        table.remove(0)
        #expect(table.find(Self.id(10), user: 7, now: 0) == nil && table.count == 0)
        #expect(table.make(nonce: Self.id(2), user: 7, id: Self.id(11), now: 0) == .new(0))
        #expect(table.find(Self.id(10), user: 7, now: 0) == nil)
    }

    @Test func `there are as many as there may be, and an end makes room`() {
        var table = Self.table(capacity: 2)
        for number in 0..<2 {
            let made = table.make(
                nonce: Self.id(UInt64(number)),
                user: 7,
                id: Self.id(UInt64(10 + number)),
                now: 0
            )
            #expect(made == .new(number))
        }
        #expect(table.make(nonce: Self.id(3), user: 8, id: Self.id(13), now: 0) == .full)
        table.remove(0)
        #expect(table.make(nonce: Self.id(3), user: 8, id: Self.id(13), now: 0) == .new(0))
    }

    @Test func `a session lives for the grace time from when its client was heard`() {
        var table = Self.table()
        _ = table.make(nonce: Self.id(1), user: 7, id: Self.id(10), now: 0)
        _ = table.make(nonce: Self.id(2), user: 7, id: Self.id(11), now: 0)
        _ = table.find(Self.id(10), user: 7, now: 60 * Self.second)
        #expect(table.deadline(0) == 180 * Self.second)
        #expect(table.deadline(1) == 120 * Self.second)
        table.remove(1)
        table.didHear(0, now: 70 * Self.second)
        #expect(table.deadline(0) == 190 * Self.second && table.deadline(1) == nil)
    }

    @Test func `the text of an id reads back equal, in lower case only`() {
        let id = SessionID(0x0123_4567_89ab_cdef, 42)
        var text: [UInt8] = []
        id.write(to: &text)
        #expect(SessionID(parsing: text.span, in: text.indices) == id)
        var bytes: [UInt8] = [0]
        id.writeBytes(to: &bytes)
        #expect(SessionID(bytes: bytes.span, at: 1) == id)
        #expect(SessionID(bytes: bytes.span, at: 2) == nil)
        text[10] = UInt8(ascii: "A")
        #expect(SessionID(parsing: text.span, in: text.indices) == nil)
    }
}
