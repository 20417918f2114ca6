internal import Policy

/// What the rules say of each other.
extension PolicyReader {
    mutating func review(_ list: RuleList, _ suffixes: PublicSuffixes) {
        if let first = rules.first, !list.rules.contains(where: { $0.action == .allow }) {
            let message = "no rule allows anything, so that all is denied"
            findings.append(Finding(.warning, first.place, message))
        }
        for doubt in RuleReview(list, suffixes).doubts {
            let read = rules[doubt.rule]
            let places = doubt.value.flatMap { read.values[$0.key] } ?? []
            let place = doubt.value.map { places[$0.index] } ?? read.place
            let severity: Finding.Severity = doubt.isError ? .error : .warning
            let other = doubt.other.map { rules[$0] }
            let message = PolicyReader.message(doubt, read.rule, other)
            findings.append(Finding(severity, place, message))
        }
    }

    private static func message(
        _ doubt: RuleReview.Doubt,
        _ rule: Rule,
        _ other: ReadRule?
    ) -> String {
        let other = other.map { "the rule '\($0.rule.name)' of line \($0.place.line)" } ?? ""
        switch doubt.kind {
        case .unreachable:
            return "the rule '\(rule.name)' never decides: \(other) matches all that it does"
        case .overlap:
            return "\(other) allows a part of what the rule '\(rule.name)' is to "
                + "\(rule.action == .report ? "report" : "deny"); if that isn't meant, move this "
                + "one up"
        case .unreviewed:
            return "there are so many rules that can meet that from this one on not all are "
                + "compared for such as never decide, or overlap"
        case .repeated: return "this is in the rule already"
        case .publicSuffix:
            return "anybody can have a name below this one: nearly everything is allowed"
        case .neverDialled: return "no address of this network is ever dialled, whatever allows it"
        case .partlySpecial:
            return "the special addresses in this network stay refused; name their networks, such "
                + "as 10.0.0.0/8, to open them"
        }
    }
}
