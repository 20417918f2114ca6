internal import Policy

/// Reading how the tunnels of a rule are.
extension PolicyReader {
    mutating func readTerm(_ tree: Tree, _ key: TermKey?, _ read: inout ReadRule) {
        switch key {
        case .tls: readTLS(tree, &read)
        case .limits: readLimits(tree, &read)
        case .source: readSource(tree, &read)
        case .parent: readParent(tree, &read)
        case .parentCredentials: read.credentials = tree
        case nil: break
        }
    }

    private mutating func readTLS(_ tree: Tree, _ read: inout ReadRule) {
        guard let demand = tree.text.flatMap({ TLSDemand(rawValue: $0) }) else {
            return complain(tree, "'tls' is required, sni or off")
        }
        read.rule.terms.tls = demand
    }
}
