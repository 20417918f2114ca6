internal import ArgumentParser

/// Flags to settings, settings to a run, its outcome to the terminal, a file and the exit status.
@main struct CulvertBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "culvert-bench",
        abstract: "A load tool for CONNECT proxies, TCP relays, and the way without either.",
        discussion: """
            Each scenario opens tunnels from this machine through the proxy to an origin that the \
            tool brings along, and checks every byte. Begin with:

              culvert-bench verify --proxy 127.0.0.1:3128

            The proxy must be allowed to reach loopback addresses and any port (culvert: \
            --allow-private --allow-port any), or the one given with --listen.

            Durations have a unit: 250ms, 30s, 5m. Sizes are bytes, bare or with B, KiB, MiB or \
            GiB. Exit status: 0 if nothing failed, 1 if anything was lost, wrong, or refused, or \
            the run could not start, 64 if a flag is wrong, 130 if it was interrupted.
            """,
        subcommands: [
            VerifyCommand.self, HoldCommand.self, RateCommand.self, EchoCommand.self,
            BulkCommand.self, MixCommand.self, HostileCommand.self, ReportCommand.self,
        ]
    )
}
