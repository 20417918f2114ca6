import Internet

/// A question as it stands on the wire, and the reply to it.
struct DNSMessage {
    let question: NameServer.Question
    /// The question's section, which the reply repeats.
    private let section: [UInt8]

    /// Reads a message with one question.
    init?(question bytes: [UInt8], isTCP: Bool = false) {
        guard bytes.count > 16 else { return nil }
        var labels: [String] = []
        var position = 12
        while bytes[position] != 0 {
            let end = position + 1 + Int(bytes[position])
            guard end + 4 < bytes.count else { return nil }
            labels.append(String(decoding: bytes[position + 1..<end], as: UTF8.self))
            position = end
        }
        question = NameServer.Question(
            id: UInt16(bytes[0]) << 8 | UInt16(bytes[1]),
            name: labels.joined(separator: "."),
            isAAAA: bytes[position + 2] == 28,
            isTCP: isTCP
        )
        section = Array(bytes[12..<position + 5])
    }

    /// The reply that says `answer`; empty if it is silence.
    func reply(_ answer: NameServer.Answer) -> [UInt8] {
        switch answer {
        case .silence: []
        case .code(let code): header(code: code, records: 0) + section
        case .addresses(let texts, let ttl): reply([], Self.pointer, texts, ttl: ttl)
        case .alias(let names, let texts):
            reply(aliases(names), names.last.map(Self.name) ?? Self.pointer, texts, ttl: 0)
        case .others(let name, let texts): reply([], Self.name(name), texts, ttl: 0)
        case .tooLong(let first, let whole):
            question.isTCP ? reply(whole) : reply([], Self.pointer, [first], ttl: 0, isCut: true)
        }
    }

    /// Where the name of the question stands.
    private static let pointer: [UInt8] = [0xc0, 0x0c]

    /// The records by which the question's name is `names`, one after the other.
    private func aliases(_ names: [String]) -> [[UInt8]] {
        zip([Self.pointer] + names.map(Self.name), names).map { owner, target in
            let data = Self.name(target)
            return owner + [0, 5, 0, 1, 0, 0, 0, 0] + Self.big(UInt16(data.count)) + data
        }
    }

    /// The reply of `records`, and of addresses of `owner`.
    private func reply(
        _ records: [[UInt8]],
        _ owner: [UInt8],
        _ texts: [String],
        ttl: UInt32,
        isCut: Bool = false
    ) -> [UInt8] {
        let addresses = texts.compactMap { Address($0) }
        let wanted = addresses.filter { ($0.family == .v6) == question.isAAAA }
        let found = wanted.map { address -> [UInt8] in
            let front = owner + [0, question.isAAAA ? 28 : 1, 0, 1] + Self.big(ttl)
            return address.family == .v6
                ? front + [0, 16] + Self.big(address.high) + Self.big(address.low)
                : front + [0, 4] + Self.big(UInt32(truncatingIfNeeded: address.low))
        }
        let all = records + found
        return header(code: 0, records: all.count, isCut: isCut) + section + all.joined()
    }

    private func header(code: UInt8, records: Int, isCut: Bool = false) -> [UInt8] {
        Self.big(question.id) + [isCut ? 0x87 : 0x85, 0x80 | code, 0, 1]
            + Self.big(UInt16(records)) + [0, 0, 0, 0]
    }

    private static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> $0)
        }
    }
}
