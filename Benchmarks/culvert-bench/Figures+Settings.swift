internal import Internet
internal import Load
internal import Proxy

extension Figures {
    /// The settings as run, ranges and lists in the form of their flags.
    ///
    /// Null is what the scenario has no use for. No password is among them.
    var settings: JSON { .object(amounts + ways + mix + hostility) }

    /// What is done, how much of it, and for how long.
    private var amounts: [(String, JSON)] {
        let settings = outcome.settings
        let size: JSON =
            settings.scenario == .mix ? sizes(settings.mix.size) : .whole(settings.size)
        let direction = settings.scenario == .bulk ? settings.direction.rawValue : nil
        return [
            ("scenario", .text(settings.scenario.rawValue)),
            ("tunnels", .whole(settings.tunnels)),
            ("concurrency", .whole(settings.concurrency)),
            ("workers", .whole(outcome.workers)),
            ("origin_workers", .whole(outcome.originWorkers)),
            ("duration_seconds", seconds(settings.isTimed ? settings.duration : nil)),
            ("warmup_seconds", seconds(settings.isTimed ? settings.warmup : nil)),
            ("timeout_seconds", seconds(settings.timeout)),
            ("size", size),
            ("rate", whole(settings.rate)),
            ("direction", text(direction)),
            ("seed", .text("\(settings.seed)")),
        ]
    }

    /// Where tunnels lead, by what, and from where.
    private var ways: [(String, JSON)] {
        let settings = outcome.settings
        let sources = outcome.sources.isEmpty ? nil : Text.addresses(outcome.sources)
        return [
            ("route", .text(settings.route.name)),
            ("target", text(settings.route.target)),
            ("users", whole(settings.credentials?.count)),
            ("tls", .truth(settings.isSecure)),
            ("origins", whole(outcome.origins)),
            ("listen", endpoints(settings.listen)),
            ("origin", endpoints(settings.externalOrigins)),
            ("sources", text(sources)),
        ]
    }

    /// What a mix is made of.
    private var mix: [(String, JSON)] {
        guard outcome.settings.scenario == .mix else { return [] }
        let mix = outcome.settings.mix
        let shares = Kind.allCases.map { "\($0.name)=\(mix.shares[$0] ?? 0)" }
        return [
            ("mix", .text(shares.joined(separator: ","))),
            ("think", times(mix.think)),
            ("messages", range(mix.messages) { "\($0)" }),
            ("stream", sizes(mix.stream)),
            ("stand", times(mix.stand)),
        ]
    }

    /// What hostile clients are like.
    private var hostility: [(String, JSON)] {
        guard outcome.settings.scenario == .hostile else { return [] }
        let settings = outcome.settings
        let kinds = settings.hostilities.map(\.rawValue)
        return [
            ("hostile", .whole(settings.hostileCount)),
            ("kinds", .text(kinds.joined(separator: ","))),
            ("interval_seconds", seconds(settings.hostileInterval)),
            ("alone_seconds", seconds(settings.aloneDuration ?? settings.duration)),
        ]
    }

    // MARK: Values

    private func whole(_ value: Int?) -> JSON { value.map { .whole($0) } ?? .null }

    private func text(_ value: String?) -> JSON { value.map { .text($0) } ?? .null }

    private func seconds(_ nanoseconds: UInt64?) -> JSON {
        nanoseconds.map { .number(Double($0) / 1e9) } ?? .null
    }

    private func endpoints(_ list: [Endpoint]) -> JSON {
        text(list.isEmpty ? nil : list.map { "\($0)" }.joined(separator: " "))
    }

    private func times(_ values: ClosedRange<UInt64>) -> JSON {
        range(values) { Quantities.text(nanoseconds: $0) }
    }

    private func sizes(_ values: ClosedRange<UInt64>) -> JSON {
        range(values) { Quantities.text(bytes: Int($0)) }
    }

    private func range(_ values: ClosedRange<UInt64>, _ text: (UInt64) -> String) -> JSON {
        let (low, high) = (text(values.lowerBound), text(values.upperBound))
        return .text(low == high ? low : "\(low)-\(high)")
    }
}
