internal import ArgumentParser
internal import Kernel

/// Flags to measurements, measurements to lines.
@main struct CulvertMicro: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "culvert-micro",
        abstract: "What the pieces of the hot path cost: CPU and allocations each time.",
        discussion: """
            Prints a line for each piece: its name, nanoseconds, allocations and a checksum, with \
            tabs between. `make micro` makes a table of it, with instructions.
            """
    )

    @Option(help: ArgumentHelp("How many times in a batch.", valueName: "count"))
    var count = 200_000

    @Option(help: ArgumentHelp("The piece to measure. Default: all.", valueName: "name"))
    var only: String?

    @Flag(help: "Do it once so many times and measure nothing, for a tool that counts.")
    var unmeasured = false

    private var pieces: [Piece] { Piece.all.filter { only == nil || $0.name == only } }

    func validate() throws {
        guard (1...1_000_000_000).contains(count) else {
            throw ValidationError("'--count' is from 1 to 1000000000.")
        }
        guard !pieces.isEmpty else {
            let names = Piece.all.map(\.name).joined(separator: ", ")
            throw ValidationError("'--only' is one of \(names).")
        }
    }

    func run() throws {
        guard !unmeasured else {
            for piece in pieces { print("\(piece.name)\t\(piece.work(count))") }
            return
        }
        let pieces = pieces
        let count = count
        try Kernel.Thread("worker-micro") {
            guard let clock = try? ThreadClock.current() else {
                preconditionFailure("a thread without a clock")
            }
            for piece in pieces {
                let cost = Measurement(piece, count: count, clock)
                print("\(piece.name)\t\(cost.nanoseconds)\t\(cost.allocations)\t\(cost.sum)")
            }
        }
        .join()
    }
}
