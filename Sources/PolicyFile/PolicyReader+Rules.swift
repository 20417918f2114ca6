internal import Internet
internal import Policy
internal import Proxy

/// Reading rules, key by key.
extension PolicyReader {
    mutating func readRules(_ tree: Tree) {
        guard case .list(let list) = tree.content else {
            return complain(tree, "'rules' is a list of rules")
        }
        guard !list.isEmpty else {
            return complain(tree, "there is no rule: everything would be denied")
        }
        for element in list { readRule(element) }
    }

    private mutating func readRule(_ tree: Tree) {
        guard case .map(let members) = tree.content else {
            return complain(tree, "a rule is a map; it begins with '- name: '")
        }
        var read = ReadRule(rule: Rule("", .deny), place: tree.place)
        var missing: Set = ["name", "action"]
        for member in members {
            let (key, value) = (member.key, member.value)
            let word = key.text ?? ""
            missing.remove(word)
            switch word {
            case "name": readName(value, &read)
            case "action": readAction(value, &read)
            case _ where TermKey(rawValue: word) != nil:
                read.termKeys.append(key)
                readTerm(value, TermKey(rawValue: word), &read)
            default:
                guard let condition = RuleKey(rawValue: word) else {
                    complainOfKey(key, PolicyReader.ruleKeys)
                    continue
                }
                for element in values(value, of: "'\(word)'") {
                    readValue(element, condition, &read)
                }
            }
        }
        for key in missing.sorted() { complain(tree, "a rule needs the key '\(key)'") }
        if read.rule.action == .allow, read.rule.ports.isEmpty { read.rule.ports = ports }
        readCredentials(&read)
        if read.rule.action != .allow {
            for key in read.termKeys {
                complain(key, "only a rule that allows has the key '\(key.text ?? "")'")
            }
        }
        rules.append(read)
    }

    private static let ruleKeys =
        ["name", "action"] + RuleKey.allCases.map(\.rawValue) + TermKey.allCases.map(\.rawValue)

    private mutating func readName(_ tree: Tree, _ read: inout ReadRule) {
        guard let name = tree.text, Rule.isName(name) else {
            return complain(
                tree,
                "a name has 1 to \(Rule.nameBytesMax) printable ASCII characters, and neither "
                    + "quotes nor backslashes"
            )
        }
        if !names.insert(name).inserted {
            complain(tree, "there is a rule '\(name)' already")
        }
        read.rule.name = name
    }

    private mutating func readAction(_ tree: Tree, _ read: inout ReadRule) {
        switch tree.text {
        case "allow": read.rule.action = .allow
        case "deny": read.rule.action = .deny
        case "report": read.rule.action = .report
        default: complain(tree, "an action is allow, deny or report")
        }
    }

    private mutating func readValue(_ tree: Tree, _ key: RuleKey, _ read: inout ReadRule) {
        let text = tree.text ?? ""
        let isGood =
            switch key {
            case .users: user(tree).map { read.rule.users.append($0) } != nil
            case .groups: readGroup(tree, text, &read)
            case .clients:
                add(
                    Prefix(networkOrAddress: text),
                    to: &read.rule.clients,
                    tree,
                    PolicyReader.networkWords
                )
            case .hosts: add(HostPattern(text), to: &read.rule.hosts, tree, hostWords(text))
            case .networks:
                add(
                    Prefix(networkOrAddress: text),
                    to: &read.rule.networks,
                    tree,
                    PolicyReader.networkWords
                )
            case .ports:
                add(
                    Quantities.ports(text),
                    to: &read.rule.ports,
                    tree,
                    "allowed is a port, a range as in 8000-8999 (from 1 to 65535), or any"
                )
            case .times:
                add(
                    WeekSpan(text),
                    to: &read.rule.times,
                    tree,
                    "allowed are days, a time of day, or both, as in Mon-Fri 08:00-18:00"
                )
            }
        if isGood { read.values[key, default: []].append(tree.place) }
    }

    private mutating func readGroup(_ tree: Tree, _ name: String, _ read: inout ReadRule) -> Bool {
        guard groups[name] != nil else {
            complain(tree, "there is no group '\(name)' in 'groups'")
            return false
        }
        read.rule.groups.append(name)
        return true
    }

    private mutating func add<Value: Equatable>(
        _ value: Value?,
        to values: inout [Value],
        _ tree: Tree,
        _ words: String
    ) -> Bool {
        guard let value else {
            complain(tree, "'\(tree.text ?? "this")' is not allowed here: \(words)")
            return false
        }
        values.append(value)
        return true
    }

    private static let networkWords =
        "allowed is an address, or a network without bits behind its length, as in 192.0.2.0/24 or "
        + "2001:db8::/32"

    private func hostWords(_ text: String) -> String {
        if text == "*" { return "leave 'hosts' out if any will do" }
        if Prefix(text) != nil { return "a network stands under 'networks'" }
        if text.hasPrefix(".") { return "all names below it are *\(text)" }
        return "allowed is a name, an address, or *. and a name; no port and no URL, and names "
            + "beyond ASCII in their xn-- form"
    }
}
