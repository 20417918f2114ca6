import Internet

/// A question as it stands on the wire, and the reply to it.
struct DNSMessage {
    let question: NameServer.Question
    /// The question's section, which the reply repeats.
    private let section: [UInt8]

    /// Reads a message with one question.
    init?(question bytes: [UInt8]) {
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
            isAAAA: bytes[position + 2] == 28
        )
        section = Array(bytes[12..<position + 5])
    }

    /// The reply that says `answer`; empty if it is silence.
    func reply(_ answer: NameServer.Answer) -> [UInt8] {
        switch answer {
        case .silence: []
        case .code(let code): header(code: code, records: 0) + section
        case .addresses(let texts): reply(texts.compactMap { Address($0) })
        }
    }

    private func reply(_ addresses: [Address]) -> [UInt8] {
        let wanted = addresses.filter { ($0.family == .v6) == question.isAAAA }
        let records = wanted.flatMap { address -> [UInt8] in
            // The name of the question, by its place; the class of the Internet; not to be kept.
            let front =
                Self.big(0xc00c as UInt16) + [0, question.isAAAA ? 28 : 1, 0, 1, 0, 0, 0, 0]
            return address.family == .v6
                ? front + [0, 16] + Self.big(address.high) + Self.big(address.low)
                : front + [0, 4] + Self.big(UInt32(truncatingIfNeeded: address.low))
        }
        return header(code: 0, records: wanted.count) + section + records
    }

    private func header(code: UInt8, records: Int) -> [UInt8] {
        Self.big(question.id) + [0x85, 0x80 | code, 0, 1, 0, UInt8(records), 0, 0, 0, 0]
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> $0)
        }
    }
}
