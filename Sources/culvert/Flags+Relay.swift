internal import ArgumentParser
internal import Proxy

private let milliseconds: UInt64 = 1_000_000
private let hours: UInt64 = 3_600_000_000_000

/// How bytes are moved.
struct RelayFlags: FlagGroup {
    @Option(
        help: ArgumentHelp(
            "auto: copy messages, splice bulk; copy; splice: splice(2); ring-splice: splice by the "
                + "ring. Default: \(defaults.relay.rawValue).",
            valueName: "mode"
        ),
        transform: Reading.word
    )
    var relay: Configuration.RelayMode?

    @Option(
        help: help("One relay buffer.", default: show(bytes: defaults.bufferSize), "size"),
        transform: Reading.size(1024...16 << 20)
    )
    var bufferSize: Int?

    @Option(
        help: help(
            "Relay buffers of each worker; a power of two up to 32768.",
            default: "\(defaults.buffers)",
            "count"
        ),
        transform: Reading.powerOfTwo(16...32768)
    )
    var buffers: Int?

    @Option(
        help: help(
            "What a splice pipe holds.",
            default: "1MiB, or 256KiB without CAP_SYS_ADMIN and CAP_SYS_RESOURCE",
            "size"
        ),
        transform: Reading.size(4096...1 << 30)
    )
    var pipeSize: Int?

    @Option(
        help: help(
            "Splice pipes of each worker, at most.",
            default: "\(defaults.pipes)",
            "count"
        ),
        transform: Reading.count(1...65535, zeroIs: "no pipes")
    )
    var pipes: Int?

    @Option(
        help: help(
            "What bulk may move, and a pipe more, before messages that have come meanwhile are "
                + "handled.",
            default: show(bytes: defaults.bulkSlice),
            "size"
        ),
        transform: Reading.size(4096...1 << 30)
    )
    var bulkSlice: Int?

    @Option(
        help: help(
            "Silence after which a flow gives its buffer up and polls.",
            default: show(defaults.parkAfter),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var parkAfter: UInt64?

    @Option(
        help: help(
            "Large receives in a row that make a flow bulk.",
            default: "\(defaults.promoteAfter)",
            "count"
        ),
        transform: Reading.count(1...255)
    )
    var promoteAfter: Int?

    @Option(
        help: help(
            "A receive that is large; so is one that fills its buffer.",
            default: show(bytes: defaults.promoteSize),
            "size"
        ),
        transform: Reading.size(1...1 << 30)
    )
    var promoteSize: Int?

    func fill(_ configuration: inout Configuration) {
        if let relay { configuration.relay = relay }
        if let bufferSize { configuration.bufferSize = bufferSize }
        if let buffers { configuration.buffers = buffers }
        if let pipeSize { configuration.pipeSize = pipeSize }
        if let pipes { configuration.pipes = pipes }
        if let bulkSlice { configuration.bulkSlice = bulkSlice }
        if let parkAfter { configuration.parkAfter = parkAfter }
        if let promoteAfter { configuration.promoteAfter = promoteAfter }
        if let promoteSize { configuration.promoteSize = promoteSize }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let values = [
            ("--relay", configuration.relay.rawValue, relay != nil),
            ("--buffer-size", show(bytes: configuration.bufferSize), bufferSize != nil),
            ("--buffers", "\(configuration.buffers)", buffers != nil),
            ("--pipes", "\(configuration.pipes)", pipes != nil),
            ("--bulk-slice", show(bytes: configuration.bulkSlice), bulkSlice != nil),
            ("--park-after", show(configuration.parkAfter), parkAfter != nil),
            ("--promote-after", "\(configuration.promoteAfter)", promoteAfter != nil),
            ("--promote-size", show(bytes: configuration.promoteSize), promoteSize != nil),
        ]
        let size = show(bytes: configuration.pipeSize)
        let pipe =
            pipeSize == nil
            ? ConfigurationLine("--pipe-size", size, derived: "capabilities of this process")
            : ConfigurationLine("--pipe-size", size, given: true)
        var lines = values.map { ConfigurationLine($0, $1, given: $2) }
        lines.insert(pipe, at: 3)
        return lines
    }
}

/// What a worker's ring is made of.
struct RingFlags: FlagGroup {
    @Option(
        help: help(
            "Entries of a worker's submission queue; a power of two up to 32768.",
            default: "\(defaults.ringEntries)",
            "count"
        ),
        transform: Reading.powerOfTwo(64...32768)
    )
    var ringEntries: Int?

    @Option(
        help: help(
            "Entries of its completion queue; a power of two up to 65536, at least --ring-entries.",
            default: "\(defaults.completionEntries)",
            "count"
        ),
        transform: Reading.powerOfTwo(64...65536)
    )
    var completionEntries: Int?

    @Option(
        help: help(
            "Completions to wait for at once under load, at most.",
            default: "\(defaults.batch)",
            "count"
        ),
        transform: Reading.count(1...65536)
    )
    var batch: Int?

    func fill(_ configuration: inout Configuration) {
        if let ringEntries { configuration.ringEntries = ringEntries }
        if let completionEntries { configuration.completionEntries = completionEntries }
        if let batch { configuration.batch = batch }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        [
            ConfigurationLine(
                "--ring-entries",
                "\(configuration.ringEntries)",
                given: ringEntries != nil
            ),
            ConfigurationLine(
                "--completion-entries",
                "\(configuration.completionEntries)",
                given: completionEntries != nil
            ),
            ConfigurationLine("--batch", "\(configuration.batch)", given: batch != nil),
        ]
    }
}
