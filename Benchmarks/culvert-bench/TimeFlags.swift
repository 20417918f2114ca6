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

    /// Has the run end by `count` tunnels, if that was given, or else by the time.
    ///
    /// - Throws: `ValidationError` if both were given.
    func fill(_ settings: inout Settings, orEndAfter count: Int?) throws {
        guard let count else { return fill(&settings) }
        guard duration == nil, warmup == nil else {
            throw ValidationError(
                "'--count \(count)' excludes '--duration' and '--warmup': the run is over when so "
                    + "many tunnels have ended."
            )
        }
        settings.tunnels = count
    }
}
