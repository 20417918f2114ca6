internal import Load

extension Figures {
    /// What each kind of a mix got; null in other scenarios.
    var kinds: JSON {
        guard !outcome.tally.kinds.isEmpty else { return .null }
        return .object(
            zip(Kind.allCases, outcome.tally.kinds).map { kind, tally in
                let figures = JSON.object([
                    ("percent", .whole(outcome.settings.mix.shares[kind] ?? 0)),
                    ("finished", .whole(tally.finished)),
                    ("failed", .whole(tally.failed)),
                    ("messages", .whole(tally.messages)),
                    ("bytes", .whole(tally.bytes)),
                    ("setup", times(tally.setup)),
                    ("message", times(tally.trip)),
                    ("tunnel", times(tally.life)),
                ])
                return (kind.name, figures)
            }
        )
    }
}
