internal import ArgumentParser
internal import Proxy

/// Says whether this machine can serve, and what would make it serve better.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether this machine can serve, and what would make it serve better."
    )

    func run() throws {
    }
}
