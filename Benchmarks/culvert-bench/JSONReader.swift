/// Reads JSON as strictly as a browser does (RFC 8259), to tell the place of a fault.
///
/// It keeps nothing of what it reads but where the members of the outermost object are.
struct JSONReader {
    /// Arrays and objects within each other, at most.
    private static var depthMax: Int { 64 }

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Where in `bytes`, which are one object, the values of its members are, by their names.
    ///
    /// - Throws: `JSONFault` at the first place that is wrong.
    static func members(_ bytes: [UInt8]) throws(JSONFault) -> [String: Range<Int>] {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let members = try reader.object(1)
        reader.skipSpace()
        guard reader.next == nil else { throw reader.fault("the end") }
        return members
    }

    // MARK: Values

    private mutating func value(_ depth: Int) throws(JSONFault) {
        guard depth <= JSONReader.depthMax else { throw fault("no more depth") }
        switch next {
        case UInt8(ascii: "{"): _ = try object(depth)
        case UInt8(ascii: "["): try array(depth)
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func object(_ depth: Int) throws(JSONFault) -> [String: Range<Int>] {
        var members: [String: Range<Int>] = [:]
        try take("{")
        skipSpace()
        if takes("}") { return members }
        repeat {
            skipSpace()
            let name = try string()
            skipSpace()
            try take(":")
            skipSpace()
            let start = position
            try value(depth + 1)
            members[name] = start..<position
            skipSpace()
        } while takes(",")
        try take("}")
        return members
    }

    private mutating func array(_ depth: Int) throws(JSONFault) {
        try take("[")
        skipSpace()
        if takes("]") { return }
        repeat {
            skipSpace()
            try value(depth + 1)
            skipSpace()
        } while takes(",")
        try take("]")
    }

    private mutating func word(_ word: String) throws(JSONFault) {
        guard bytes[position...].starts(with: word.utf8) else { throw fault(word) }
        position += word.utf8.count
    }

    private mutating func number() throws(JSONFault) {
        guard takes("-") || next.map(isDigit) == true else { throw fault("a value") }
        if !takes("0") { try digits() }
        if takes(".") { try digits() }
        guard takes("e") || takes("E") else { return }
        if !takes("+") { _ = takes("-") }
        try digits()
    }

    private mutating func digits() throws(JSONFault) {
        let start = position
        while let next, isDigit(next) { position += 1 }
        guard position > start else { throw fault("a digit") }
    }

    // MARK: Strings

    /// What stands between the quotes, as it is written.
    private mutating func string() throws(JSONFault) -> String {
        try take("\"")
        let start = position
        while let byte = next, byte != UInt8(ascii: "\"") {
            switch byte {
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw fault("an escape in place of a control character")
            case 0x80...: try character()
            default: position += 1
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        try take("\"")
        return text
    }

    private mutating func escape() throws(JSONFault) {
        try take("\\")
        guard takes("u") else {
            for character: Unicode.Scalar in ["\"", "\\", "/", "b", "f", "n", "r", "t"]
            where takes(character) { return }
            throw fault("an escape of JSON")
        }
        for _ in 0..<4 {
            guard let next, isDigit(next) || (0x41...0x46).contains(next & 0xdf) else {
                throw fault("a hexadecimal digit")
            }
            position += 1
        }
    }

    private mutating func character() throws(JSONFault) {
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes[position...].makeIterator()
        guard case .valid(let character) = parser.parseScalar(from: &rest) else {
            throw fault("UTF-8")
        }
        position += character.count
    }

    // MARK: Bytes

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func skipSpace() {
        while let next, [0x20, 0x09, 0x0a, 0x0d].contains(next) { position += 1 }
    }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) throws(JSONFault) {
        guard takes(character) else { throw fault("'\(character)'") }
    }

    /// That `words` should be at the present place.
    private func fault(_ words: String) -> JSONFault {
        let before = bytes[..<position]
        let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        // A byte that goes on with a character is no column of its own.
        let columns = before[start...].count { $0 & 0xc0 != 0x80 }
        return JSONFault(
            line: before.count { $0 == 0x0a } + 1,
            column: columns + 1,
            expected: words,
            isAtEnd: next == nil
        )
    }
}
