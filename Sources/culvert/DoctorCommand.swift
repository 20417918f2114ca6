internal import ArgumentParser
internal import Proxy

/// Says whether this machine can serve, and what would make it serve better.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say whether this machine can serve, and what would make it serve better.",
        usage: "culvert doctor [<flag> ...]",
        discussion: "Exit status 0 if serving is possible, else 1. The flags mean what they mean "
            + "for serving: the table tells what they need."
    )

    @OptionGroup(title: "Listening") var listening: ListeningFlags
    @OptionGroup(title: "Limits") var limits: LimitFlags
    @OptionGroup(title: "Relay") var relay: RelayFlags
    @OptionGroup(title: "Ring") var ring: RingFlags
    @OptionGroup(title: "Sockets") var sockets: SocketFlags

    func run() throws {
        var configuration = Configuration()
        let groups: [any FlagGroup] = [listening, limits, relay, ring, sockets]
        for group in groups { group.fill(&configuration) }
        let doctor = Doctor(.ofThisMachine(configuration), configuration)
        var rows = [["WHAT", "VALUE", "VERDICT", "REMEDY"]]
        rows += doctor.findings.map { [$0.name, $0.value, $0.verdict.rawValue, $0.remedy] }
        for line in Columns.aligned(rows) { print(line) }
        print(doctor.canServe ? "\nThis machine can serve." : "\nThis machine can't serve.")
        if !doctor.canServe { throw ExitCode(1) }
    }
}
