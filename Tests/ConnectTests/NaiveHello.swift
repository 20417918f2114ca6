import Connect
import Internet

/// A reader of a whole ClientHello that is as simple as can be, to compare with.
struct NaiveHello {
    private struct Invalid: Error {}

    private(set) var name: Name?
    private(set) var isEncrypted = false
    private var rest: ArraySlice<UInt8>

    /// Reads `bytes`, which are whole records; nil if they are not one ClientHello.
    init?(_ bytes: [UInt8]) {
        rest = []
        do {
            try readRecords(bytes)
            try readMessage()
        } catch {
            return nil
        }
    }

    private mutating func readRecords(_ bytes: [UInt8]) throws {
        guard bytes.count <= 16384 else { throw Invalid() }
        var message: [UInt8] = []
        rest = bytes[...]
        while !rest.isEmpty {
            guard try number(1) == 22, try number(1) == 3 else { throw Invalid() }
            _ = try number(1)
            let fragment = try vector(2)
            guard (1...16384).contains(fragment.count) else { throw Invalid() }
            message += fragment
        }
        rest = message[...]
    }

    private mutating func readMessage() throws {
        guard try number(1) == 1, try number(3) == rest.count else { throw Invalid() }
        guard try number(1) == 3, try number(1) > 0 else { throw Invalid() }
        _ = try take(32)
        guard try vector(1).count <= 32 else { throw Invalid() }
        let suites = try vector(2)
        guard suites.count >= 2, suites.count % 2 == 0 else { throw Invalid() }
        guard try vector(1).contains(0) else { throw Invalid() }
        guard !rest.isEmpty else { return }
        guard try number(2) == rest.count else { throw Invalid() }
        while !rest.isEmpty {
            let type = try number(2)
            let body = try vector(2)
            let behind = rest
            rest = body
            if type == 0 { try readServerName() }
            if type == 0xfe0d { try readEncrypted() }
            rest = behind
        }
    }

    private mutating func readServerName() throws {
        guard name == nil, try number(2) == rest.count, try number(1) == 0 else { throw Invalid() }
        let text = try vector(2)
        name = Name(parsing: Array(text).span, in: 0..<text.count)
        guard rest.isEmpty, name != nil else { throw Invalid() }
    }

    private mutating func readEncrypted() throws {
        guard !isEncrypted, try number(1) == 0 else { throw Invalid() }
        _ = try take(5)
        _ = try vector(2)
        guard try !vector(2).isEmpty, rest.isEmpty else { throw Invalid() }
        isEncrypted = true
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw Invalid() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func number(_ count: Int) throws -> Int {
        try take(count).reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func vector(_ size: Int) throws -> ArraySlice<UInt8> {
        try take(number(size))
    }
}
