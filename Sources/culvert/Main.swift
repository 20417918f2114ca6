internal import ArgumentParser

/// Flags to a configuration, a configuration to the server, the server's status to the system.
///
/// Exit status: 0 after a clean end, 1 if the start fails, 64 if a flag is wrong.
@main enum Main {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        // Serving is what the command does: the word is allowed, and adds nothing.
        if arguments.first == "serve" { arguments.removeFirst() }
        // Its flags are its own, though some are called as those of serving are.
        if arguments.first == "client" { return ClientCommand.main(Array(arguments.dropFirst())) }
        Culvert.main(arguments)
    }
}
