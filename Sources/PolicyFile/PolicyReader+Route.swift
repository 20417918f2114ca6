internal import Connect
internal import Internet
internal import Policy

/// Reading by which way the tunnels of a rule leave: from which address, and through whom.
extension PolicyReader {
    mutating func readSource(_ tree: Tree, _ read: inout ReadRule) {
        for element in values(tree, of: "'source'") {
            guard let address = element.text.flatMap({ Address($0) })?.unmapped else {
                complain(element, "allowed is an address of this machine, IPv4 or IPv6")
                continue
            }
            guard read.rule.terms.source[address.family] == nil else {
                let family = address.family == .v4 ? "IPv4" : "IPv6"
                complain(element, "there is one source at most for each family; this is \(family)")
                continue
            }
            if let ownsAddress = surroundings.ownsAddress, !ownsAddress(address) {
                complain(element, "this machine has no address \(address) to dial from")
            }
            read.rule.terms.source[address.family] = address
        }
    }

    mutating func readParent(_ tree: Tree, _ read: inout ReadRule) {
        let bytes = Array((tree.text ?? "").utf8)
        let authority =
            bytes.isEmpty ? nil : Authority(parsing: bytes.span, in: 0..<bytes.count)
        guard let authority else {
            return complain(
                tree,
                "'parent' is HOST:PORT, a proxy that takes CONNECT over plain TCP"
            )
        }
        read.rule.terms.parent = RuleParent(authority)
    }

    /// What is left once all keys of the rule have been read: credentials belong to a parent.
    mutating func readCredentials(_ read: inout ReadRule) {
        guard let tree = read.credentials else { return }
        guard read.rule.terms.parent != nil else {
            return complain(tree, "'parent-credentials' are for a 'parent', which isn't there")
        }
        guard let path = tree.text, !path.isEmpty else {
            return complain(tree, "'parent-credentials' is a file with one line, NAME:PASSWORD")
        }
        // Whoever only asks what rules decide doesn't need it.
        guard let contents = surroundings.contents else { return }
        guard let bytes = contents(path) else {
            return complain(tree, "the file \(path) can't be read")
        }
        let text = bytes.dropFirst(Users.byteOrderMarkCount(bytes))
        let line = Array(text.prefix { $0 != 10 && $0 != 13 })
        let rest = text.dropFirst(line.count)
        guard rest.allSatisfy({ $0 == 10 || $0 == 13 }),
            let value = BasicCredentials.value(line)
        else {
            return complain(tree, "the file \(path) is to have one line, NAME:PASSWORD")
        }
        read.rule.terms.parent?.authorization = value
    }
}
