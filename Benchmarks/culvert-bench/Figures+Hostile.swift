internal import Load

extension Figures {
    /// What came of hostile clients, by behaviour.
    var hostile: JSON {
        .object(
            Hostility.allCases.compactMap { kind in
                outcome.tally.hostile[kind].map { tally in
                    let endings = tally.endings.sorted { $0.key < $1.key }
                    let figures = JSON.object([
                        ("clients", .whole(tally.count)),
                        ("endings", .object(endings.map { ($0.key, .whole($0.value)) })),
                        ("life", times(tally.life)),
                    ])
                    return (kind.rawValue, figures)
                }
            }
        )
    }
}
