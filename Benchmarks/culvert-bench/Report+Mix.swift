internal import Load

extension Report {
    /// What each kind of a mix got.
    var kinds: String {
        let kinds = Array(zip(Kind.allCases, outcome.tally.kinds))
            .filter { outcome.settings.mix.shares[$0.0] ?? 0 > 0 }
        guard !kinds.isEmpty else { return "" }
        let head = ["kind", "ended well", "failed", "messages", "data"]
        let rows = kinds.map { kind, tally in
            [
                kind.name, "\(tally.finished)", "\(tally.failed)", "\(tally.messages)",
                Text.bytes(Double(tally.bytes)),
            ]
        }
        let times = kinds.flatMap { kind, tally in
            [
                ("\(kind.name) set-up", tally.setup), ("\(kind.name) message", tally.trip),
                ("\(kind.name) tunnel", tally.life),
            ]
        }
        return [Text.table([head] + rows), TimeTable.text(times)].joined(separator: "\n\n")
    }
}
