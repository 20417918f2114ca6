internal import Client
internal import Kernel
internal import Logging
internal import Proxy

/// Runs the client and tells the operator, on standard error, what an operator wants to know.
enum ClientServing {
    /// Serves as `settings` say until a signal ends it; the exit status.
    static func run(_ settings: () throws(StartError) -> ClientConfiguration) -> Int32 {
        // Those that come while it starts are obeyed once it serves.
        Signals.block()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "culvert")
        do throws(StartError) {
            let settings = try settings()
            let server = "\(settings.server)"
            let way = settings.proxy.map { "by way of the proxy \($0)" } ?? "directly"
            let client = try TunnelClient(settings) { notice in
                Notices.ifHeard(logger) { tell(notice, server, way, logger) }
            }
            return try client.run()
        } catch {
            logger.critical("\(error)")
            return 1
        }
    }

    private static func tell(
        _ notice: ClientNotice,
        _ server: String,
        _ way: String,
        _ logger: Logger
    ) {
        switch notice {
        case .listening(let endpoint, nil): logger.notice("listening on \(endpoint)")
        case .listening(let endpoint, let target?):
            logger.notice("forwarding \(endpoint) to \(target)")
        case .connected: logger.notice("a session with \(server) is made, \(way)")
        case .ready: logger.notice("serving with tunnels through \(server)")
        case .failing(let text): logger.error("requests fail and are made again: \(text)")
        case .recovered(let seconds): logger.notice("the server answers again, after \(seconds) s")
        case .lost(let reason):
            logger.error("the session is lost, and its tunnels are reset: \(reason)")
        case .draining(let streams):
            logger.notice(
                "draining: \(streams) tunnels are left; a second signal ends them at once"
            )
        case .drained(cut: 0): logger.notice("drained")
        case .drained(let cut):
            logger.warning("drained, but \(cut) tunnels were cut off after --drain-timeout")
        case .stopped(let cut):
            logger.warning("stopped at once by a second signal: \(cut) tunnels were cut off")
        case .reopened: logger.notice("journal opened anew")
        case .notReopened(let reason): logger.error("the journal goes on as before: \(reason)")
        case .reloaded: logger.notice("hosts and name servers read again")
        case .notReloaded(let reason): logger.error("names are found as before: \(reason)")
        case .status(let line): Notices.writeLine(line)
        case .lostRecords(let records):
            logger.error("\(records) journal records could not be written and are lost")
        }
    }
}
