internal import Connect
internal import Internet
internal import Policy

/// Expected decisions as their file says them, and what is wrong with it.
public struct CaseText: Sendable {
    /// The cases; not to be used if there are findings.
    public private(set) var cases: [PolicyCase] = []
    /// What is wrong, in the order of the file.
    public private(set) var findings: [Finding] = []

    private static let keys = [
        "to", "expect", "rule", "reported", "user", "client", "address", "at", "tls",
        "source", "parent",
    ]

    /// Reads `text`; each case needs a time if `needTimes`.
    public init(parsing text: String, needTimes: Bool) {
        do throws(Finding) {
            guard let tree = try Tree(parsing: text) else {
                throw Finding(.error, .start, "the file is empty: it has cases")
            }
            guard case .map(let members) = tree.content, members.count == 1,
                members[0].key.text == "cases", case .list(let list) = members[0].value.content,
                !list.isEmpty
            else {
                throw Finding(.error, tree.place, "cases are a list under the key 'cases'")
            }
            for element in list { read(element, needTimes) }
        } catch {
            findings.append(error)
        }
    }

    private mutating func read(_ tree: Tree, _ needTimes: Bool) {
        do throws(Finding) {
            cases.append(try CaseText.makeCase(tree, needTimes))
        } catch {
            findings.append(error)
        }
    }

    private static func makeCase(_ tree: Tree, _ needTimes: Bool) throws(Finding) -> PolicyCase {
        guard case .map(let members) = tree.content else {
            throw Finding(.error, tree.place, "a case is a map; it begins with '- to: '")
        }
        var values: [String: Tree] = [:]
        for member in members {
            let (key, value) = (member.key, member.value)
            guard let word = key.text, keys.contains(word) else {
                let allowed = keys.joined(separator: ", ")
                throw Finding(.error, key.place, "this is no key; allowed are \(allowed)")
            }
            values[word] = value
        }
        guard let authority = try read(values["to"], "HOST:PORT", CaseText.authority) else {
            throw Finding(.error, tree.place, "a case needs the key 'to'")
        }
        let expected = try read(values["expect"], "allow or deny") {
            ["allow", "deny"].firstIndex(of: $0)
        }
        guard let expected else {
            throw Finding(.error, tree.place, "a case needs the key 'expect'")
        }
        let time = try read(values["at"], "a day and a time, as in Mon 09:30") { WeekTime($0) }
        if needTimes, time == nil {
            throw Finding(.error, tree.place, "the policy has times: a case needs the key 'at'")
        }
        return PolicyCase(
            place: tree.place,
            user: try read(values["user"], "a name") { $0 } ?? "",
            client: try read(values["client"], "an address") { Address($0) }
                ?? Address(v4: 0x7f00_0001),
            authority: authority,
            address: try read(values["address"], "an address") { Address($0) },
            time: time,
            isAllowed: expected == 0,
            rule: try read(values["rule"], "the name of a rule") { $0 },
            reported: try read(values["reported"], "the name of a rule") { $0 },
            tls: try read(values["tls"], "required, sni or off") { TLSDemand(rawValue: $0) },
            source: try read(values["source"], "an address") { Address($0)?.unmapped },
            parent: try read(values["parent"], "HOST:PORT, or none") { text in
                text == "none" ? .some(nil) : CaseText.authority(text).map { .some($0) }
            }
        )
    }

    private static func authority(_ text: String) -> Authority? {
        let bytes = Array(text.utf8)
        return Authority(parsing: bytes.span, in: 0..<bytes.count)
    }

    private static func read<Value>(
        _ tree: Tree?,
        _ allowed: String,
        _ reader: (String) -> Value?
    ) throws(Finding) -> Value? {
        guard let tree else { return nil }
        guard let text = tree.text, !text.isEmpty, let value = reader(text) else {
            throw Finding(.error, tree.place, "allowed is \(allowed)")
        }
        return value
    }
}
