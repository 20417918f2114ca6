internal import ArgumentParser
internal import Kernel

/// Flags to a configuration, a configuration to the server, the server's status to the system.
///
/// Exit status: 0 after a clean end, 1 if the start fails, 64 if a flag is wrong.
@main enum Main {
    static func main() {
        Descriptors.fillStandardStreams()
        var arguments = Array(CommandLine.arguments.dropFirst())
        // Serving is what the command does: the word is allowed, and adds nothing.
        if arguments.first == "serve" { arguments.removeFirst() }
        // Its flags are its own, though some are called as those of serving are.
        guard arguments.first == "client" else { return Culvert.main(arguments) }
        runClient(Array(arguments.dropFirst()))
    }

    /// Runs the client; what is said of a wrong flag names the whole command.
    private static func runClient(_ arguments: [String]) {
        do {
            var command = try ClientCommand.parseAsRoot(arguments)
            try command.run()
        } catch {
            let status = ClientCommand.exitCode(for: error)
            let message = ClientCommand.fullMessage(for: error)
                .replacing("See 'client --help'", with: "See 'culvert client --help'")
            if !message.isEmpty {
                status.isSuccess ? print(message) : OutputFile.complain(message + "\n")
            }
            ClientCommand.exit(withError: status)
        }
    }
}
