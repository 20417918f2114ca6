internal import ArgumentParser
internal import Load

/// An open loop.
struct ScheduleFlags: ParsableArguments {
    @Option(
        help: help(
            "An open loop: so many begin each second, over all workers, whatever becomes of those "
                + "before; what can't begin waits in line, and all times count from when it was "
                + "due.",
            default: "a closed loop, each after the one before",
            "count"
        ),
        transform: Reading.count(1...10_000_000)
    )
    var rate: Int?

    func fill(_ settings: inout Settings) {
        settings.rate = rate
    }
}
