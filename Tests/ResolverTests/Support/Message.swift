import Internet

/// A question as the server read it from the wire.
struct Question: Equatable {
    static let typeA: UInt16 = 1
    static let typeAAAA: UInt16 = 28

    var id: UInt16
    var name: String
    var type: UInt16
    var isTCP: Bool
    /// The question section, to be repeated in the answer.
    var section: [UInt8]

    var isAAAA: Bool { type == Question.typeAAAA }

    init?(_ bytes: [UInt8], isTCP: Bool) {
        guard bytes.count > 16 else { return nil }
        var labels: [String] = []
        var position = 12
        while bytes[position] != 0 {
            let end = position + 1 + Int(bytes[position])
            labels.append(String(decoding: bytes[position + 1..<end], as: UTF8.self))
            position = end
        }
        id = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        name = labels.joined(separator: ".")
        type = UInt16(bytes[position + 1]) << 8 | UInt16(bytes[position + 2])
        section = Array(bytes[12..<position + 5])
        self.isTCP = isTCP
    }
}

/// A record of an answer.
enum Record {
    case address(String, ttl: UInt32, owner: String? = nil)
    case alias(to: String, ttl: UInt32)
    case authority(ttl: UInt32, minimum: UInt32)

    fileprivate func write(_ question: Question, to bytes: inout [UInt8]) {
        switch self {
        case .address(let text, let ttl, let owner):
            guard let address = Address(text) else { preconditionFailure("a bad address") }
            let type = address.family == .v6 ? Question.typeAAAA : Question.typeA
            bytes += name(owner ?? question.name) + big(type) + big(1 as UInt16) + big(ttl)
            if address.family == .v6 {
                bytes += big(16 as UInt16) + big(address.high) + big(address.low)
            } else {
                bytes += big(4 as UInt16) + big(UInt32(address.low))
            }
        case .alias(let target, let ttl):
            let data = name(target)
            bytes += name(question.name) + big(5 as UInt16) + big(1 as UInt16) + big(ttl)
            bytes += big(UInt16(data.count)) + data
        case .authority(let ttl, let minimum):
            var data = name("ns.example") + name("root.example")
            for number: UInt32 in [1, 2, 3, 4, minimum] { data += big(number) }
            bytes += name("example") + big(6 as UInt16) + big(1 as UInt16) + big(ttl)
            bytes += big(UInt16(data.count)) + data
        }
    }
}

/// What the server says to a question.
struct Message {
    static let ok: UInt8 = 0
    static let serverFailure: UInt8 = 2
    static let noSuchName: UInt8 = 3

    var code = Message.ok
    var isTruncated = false
    var answers: [Record] = []
    var authorities: [Record] = []

    func bytes(for question: Question) -> [UInt8] {
        var bytes = big(question.id)
        bytes += [isTruncated ? 0x87 : 0x85, 0x80 | code]
        bytes += big(1 as UInt16) + big(UInt16(answers.count))
        bytes += big(UInt16(authorities.count)) + big(0 as UInt16) + question.section
        for record in answers + authorities { record.write(question, to: &bytes) }
        return bytes
    }
}

func big(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}

func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}
