internal import Internet
internal import Kernel

/// The hostile clients and the origin that they ask for: threads aside from those that are
/// measured.
struct HostileCamp {
    private let clients: Crew
    private let origins: Crew

    /// Starts those that the plan has, if any; they do nothing yet.
    init?(_ plan: Plan, _ pattern: Pattern) throws(EngineError) {
        guard plan.settings.scenario == .hostile else { return nil }
        do throws(SystemError) {
            clients = try Crew(1)
            origins = try Crew(1)
        } catch {
            throw EngineError("\(error)")
        }
        let own = try HostileCamp.originPlan(plan)
        guard let origin = try origins.startOrigins(own, pattern).first,
            let script = plan.hostileScript(origin: origin)
        else { return nil }
        try clients.startHostile(script, pattern)
    }

    private static func originPlan(_ plan: Plan) throws(EngineError) -> Plan {
        var settings = Settings(.bulk, .direct)
        settings.tunnels = plan.settings.hostileCount
        settings.origins = 1
        settings.originWorkers = 1
        do throws(SettingError) {
            return try Plan(settings, openFiles: Descriptors.limits().soft)
        } catch {
            throw EngineError("\(error)")
        }
    }

    /// Lets them loose.
    func begin() { clients.control.begin(.go) }

    /// Ends them; what came of each.
    func end() -> [Hostility: HostileTally] {
        let tally = clients.stop()
        _ = origins.stop()
        return tally.hostile
    }
}
