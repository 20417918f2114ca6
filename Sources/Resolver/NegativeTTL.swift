/// How long the absence of a name or of its addresses may be remembered (RFC 2308).
///
/// The server says so by the SOA record of the authority section. The walk reads a message that
/// anyone may have sent: it looks at each byte at most once, follows no compression pointer, and
/// ends at the first thing it can't read.
package struct NegativeTTL {
    private static let headerBytes = 12
    private static let typeSOA: UInt16 = 6
    private static let classInternet: UInt16 = 1
    /// Serial, refresh, retry, expire and minimum, at the end of an SOA record.
    private static let numbersBytes = 20

    /// Where the walk is.
    private var position = NegativeTTL.headerBytes

    /// The least of the SOA's own TTL, its MINIMUM and the TTLs of the answers in seconds; nil if
    /// there is no sound SOA.
    ///
    /// Answers are the aliases that lead to what is absent, and may lead elsewhere once their time
    /// is over.
    package static func seconds(in message: borrowing Span<UInt8>) -> UInt32? {
        guard message.count >= headerBytes else { return nil }
        let questions = read16(message, 4)
        let answers = read16(message, 6)
        let authorities = read16(message, 8)
        var walk = NegativeTTL()
        for _ in 0..<questions {
            guard walk.skipName(message), walk.advance(4, message) else { return nil }
        }
        var least = UInt32.max
        for _ in 0..<answers {
            guard let record = walk.nextRecord(message) else { return nil }
            least = min(least, time(record.ttl))
        }
        for _ in 0..<authorities {
            guard let record = walk.nextRecord(message) else { return nil }
            guard record.type == typeSOA, record.class == classInternet else { continue }
            return lifetime(record, message).map { min($0, least) }
        }
        return nil
    }

    /// The fixed part of a record and the place of its data.
    private struct Record {
        var type: UInt16
        var `class`: UInt16
        var ttl: UInt32
        var data: Range<Int>
    }

    private static func lifetime(_ record: Record, _ message: borrowing Span<UInt8>) -> UInt32? {
        // Two names of at least one byte each stand before the numbers.
        guard record.data.count >= numbersBytes + 2 else { return nil }
        return min(time(record.ttl), time(read32(message, record.data.upperBound - 4)))
    }

    /// A time as it counts: one with the top bit set is zero (RFC 2181, section 8).
    private static func time(_ seconds: UInt32) -> UInt32 {
        seconds > UInt32(Int32.max) ? 0 : seconds
    }

    private mutating func nextRecord(_ message: borrowing Span<UInt8>) -> Record? {
        guard skipName(message) else { return nil }
        let start = position
        guard advance(10, message) else { return nil }
        let dataBytes = Int(NegativeTTL.read16(message, start + 8))
        let dataStart = position
        guard advance(dataBytes, message) else { return nil }
        return Record(
            type: NegativeTTL.read16(message, start),
            class: NegativeTTL.read16(message, start + 2),
            ttl: NegativeTTL.read32(message, start + 4),
            data: dataStart..<position
        )
    }

    /// Steps over a name: labels up to the empty one, or up to a pointer, which always ends it.
    private mutating func skipName(_ message: borrowing Span<UInt8>) -> Bool {
        while position < message.count {
            let length = message[position]
            switch length >> 6 {
            case 0:
                guard advance(1 + Int(length), message) else { return false }
                if length == 0 { return true }
            case 3:
                return advance(2, message)
            default:
                return false
            }
        }
        return false
    }

    private mutating func advance(_ count: Int, _ message: borrowing Span<UInt8>) -> Bool {
        guard count <= message.count - position else { return false }
        position += count
        return true
    }

    private static func read16(_ message: borrowing Span<UInt8>, _ index: Int) -> UInt16 {
        UInt16(message[index]) << 8 | UInt16(message[index + 1])
    }

    private static func read32(_ message: borrowing Span<UInt8>, _ index: Int) -> UInt32 {
        UInt32(read16(message, index)) << 16 | UInt32(read16(message, index + 2))
    }
}
