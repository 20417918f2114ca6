/// A value that can be written as JSON.
enum JSON {
    case object([(String, JSON)])
    case array([JSON])
    case text(String)
    case whole(Int)
    case number(Double)
    case truth(Bool)
    case null

    /// The value as one line.
    var text: String {
        switch self {
        case .object(let members):
            let parts = members.map { "\(JSON.quoted($0.0)):\($0.1.text)" }
            return "{\(parts.joined(separator: ","))}"
        case .array(let values): return "[\(values.map(\.text).joined(separator: ","))]"
        case .text(let text): return JSON.quoted(text)
        case .whole(let value): return "\(value)"
        case .number(let value): return value.isFinite ? "\(value)" : "null"
        case .truth(let value): return value ? "true" : "false"
        case .null: return "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
