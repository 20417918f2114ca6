internal import Load

/// What a proxy answered where it opened no tunnel, counted by status and by error word.
struct Refusals {
    /// How often each came, the most frequent first.
    let statuses: [(name: String, count: Int)]
    /// The error words of Proxy-Status (RFC 9209); what came without one is left out.
    let words: [(name: String, count: Int)]

    init(_ tally: Tally) {
        var statuses: [String: Int] = [:]
        var words: [String: Int] = [:]
        for (failure, count) in tally.failures where failure.kind == .refused {
            let parts = failure.detail.split(separator: " ").map(String.init)
            guard let status = parts.first else { continue }
            statuses[status, default: 0] += count
            if parts.count > 1 { words[parts[1], default: 0] += count }
        }
        self.statuses = Refusals.sorted(statuses)
        self.words = Refusals.sorted(words)
    }

    private static func sorted(_ counts: [String: Int]) -> [(name: String, count: Int)] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }

    /// A table; empty if nothing was refused.
    var text: String {
        guard !statuses.isEmpty else { return "" }
        let rows =
            statuses.map { ["status \($0.name)", "\($0.count)"] }
            + words.map { ["error=\($0.name)", "\($0.count)"] }
        return Text.table([["refused", "tunnels"]] + rows)
    }

    /// The same as JSON.
    var json: JSON {
        func counts(_ list: [(name: String, count: Int)]) -> JSON {
            .object(list.map { ($0.name, .whole($0.count)) })
        }
        return .object([("statuses", counts(statuses)), ("words", counts(words))])
    }
}
