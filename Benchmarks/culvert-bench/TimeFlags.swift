internal import ArgumentParser
internal import Load

/// How long a scenario without an end runs.
struct TimeFlags: ParsableArguments {
    @Option(
        help: help("How long is measured.", default: "5s", "duration"),
        transform: Reading.duration(Reading.durations)
    )
    var duration: UInt64?

    @Option(
        help: help("How long it runs before that.", default: "1s", "duration"),
        transform: Reading.duration(0...3600 * Reading.second)
    )
    var warmup: UInt64?

    func fill(_ settings: inout Settings) {
        if let duration { settings.duration = duration }
        if let warmup { settings.warmup = warmup }
    }
}
