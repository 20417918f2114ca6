internal import ArgumentParser
internal import Load

/// What a mix is made of.
struct MixFlags: ParsableArguments {
    @Option(
        help: help(
            "Percent of the tunnels at once that are of each kind; together 100.",
            default: "short=60,chatty=25,bulk=5,idle=10",
            "shares"
        ),
        transform: Reading.shares
    )
    var mix: [Kind: Int]?

    @Option(
        help: help(
            "Time between two messages, and between two tunnels in one place.",
            default: "10ms-2s",
            "range"
        ),
        transform: Reading.durations(0...3600 * Reading.second)
    )
    var think: ClosedRange<UInt64>?

    @Option(
        help: help("Bytes of a message.", default: "64B-64KiB", "range"),
        transform: Reading.sizes(1...1 << 30)
    )
    var size: ClosedRange<UInt64>?

    @Option(
        help: help("Messages of a chatty tunnel.", default: "2-50", "range"),
        transform: Reading.counts(1...1_000_000)
    )
    var messages: ClosedRange<UInt64>?

    @Option(
        help: help("Bytes of a bulk stream.", default: "1MiB-64MiB", "range"),
        transform: Reading.sizes(1...1 << 40)
    )
    var stream: ClosedRange<UInt64>?

    @Option(
        help: help("How long an idle tunnel stands.", default: "1s-30s", "range"),
        transform: Reading.durations(0...86400 * Reading.second)
    )
    var stand: ClosedRange<UInt64>?

    func fill(_ settings: inout Settings) {
        if let mix { settings.mix.shares = mix }
        if let think { settings.mix.think = think }
        if let size { settings.mix.size = size }
        if let messages { settings.mix.messages = messages }
        if let stream { settings.mix.stream = stream }
        if let stand { settings.mix.stand = stand }
    }
}
