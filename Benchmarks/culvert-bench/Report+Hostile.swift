internal import Load

extension Report {
    /// What came of the hostile clients.
    var hostile: String {
        let all = Hostility.allCases.compactMap { kind in
            outcome.tally.hostile[kind].map { (kind, $0) }
        }
        guard !all.isEmpty else { return "" }
        var rows = [["hostile", "clients", "", "ended"]]
        for (kind, tally) in all {
            let endings = tally.endings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            for (index, ending) in endings.enumerated() {
                let isFirst = index == 0
                let name = isFirst ? kind.rawValue : ""
                let count = isFirst ? "\(tally.count)" : ""
                rows.append([name, count, "\(ending.value)", ending.key])
            }
        }
        let times = all.map { ("\($0.0.rawValue) until the end", $0.1.life) }
        return [Text.table(rows), TimeTable.text(times)].joined(separator: "\n\n")
    }
}
