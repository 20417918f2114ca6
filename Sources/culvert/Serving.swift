internal import Internet
internal import Kernel
internal import Logging
internal import Proxy

/// Runs the server and tells the operator, on standard error, what an operator wants to know.
enum Serving {
    /// Serves until a signal ends it; the exit status.
    static func run(_ configuration: Configuration) -> Int32 {
        // Those that come while it starts are obeyed once it serves.
        Signals.block()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "culvert")
        do throws(StartError) {
            let policy = PolicyLoading.reader(configuration) { text in
                Notices.ifHeard(logger) { logger.warning("\(text)") }
            }
            let server = try Server(configuration, policy: policy) { notice in
                Notices.ifHeard(logger) { tell(notice, logger) }
            }
            warnOfOpenDoor(configuration, logger)
            return try server.run()
        } catch {
            logger.critical("\(error)")
            return 1
        }
    }

    /// Says so if everybody who reaches a listener may use the proxy.
    private static func warnOfOpenDoor(_ configuration: Configuration, _ logger: Logger) {
        guard configuration.usersFile.isEmpty, configuration.policyFile.isEmpty,
            let endpoint = configuration.listen.first(where: { !$0.address.isLoopback })
        else { return }
        Notices.ifHeard(logger) {
            logger.warning(
                "whoever reaches \(endpoint) may use this proxy; --users or --policy says who may"
            )
        }
    }

    private static func tell(_ notice: Server.Notice, _ logger: Logger) {
        switch notice {
        case .listening(let endpoint):
            logger.notice("listening on \(endpoint)")
        case .ready(let workers, let ceiling):
            logger.notice("serving with \(workers) workers, up to \(ceiling) tunnels at once")
        case .draining(let tunnels):
            logger.notice(
                "draining: \(tunnels) tunnels are left; a second signal ends them at once"
            )
        case .drained(cut: 0): logger.notice("drained")
        case .drained(let cut):
            logger.warning("drained, but \(cut) tunnels were cut off after --drain-timeout")
        case .stopped(let cut):
            logger.warning("stopped at once by a second signal: \(cut) tunnels were cut off")
        case .paused(let worker):
            logger.warning("worker \(worker) is full: accepting pauses until a tunnel ends")
        case .resumed(let worker): logger.notice("worker \(worker) accepts again")
        case .lost(let records):
            logger.error("\(records) journal records could not be written and are lost")
        case .reopened: logger.notice("journal opened anew")
        case .reloaded: logger.notice("hosts and name servers read again")
        case .usersReloaded(let count): logger.notice("\(count) users read again")
        case .usersNotReloaded(let reason):
            logger.error("the users of before are still those who may: \(reason)")
        case .rulesReloaded(let count): logger.notice("\(count) rules read again")
        case .accessNotReloaded(let reason):
            logger.error("the rules and users of before still hold: \(reason)")
        case .notReopened(let reason): logger.error("the journal goes on as before: \(reason)")
        case .notReloaded(let reason): logger.error("names are found as before: \(reason)")
        case .status(let line): Notices.writeLine(line)
        }
    }
}
