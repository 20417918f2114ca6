public import Kernel

/// Judges whether a machine can serve, and what would make it serve better.
///
/// All that it says follows from the facts, so that it can be told of any machine.
public struct Doctor: Sendable {
    /// How good something is for serving.
    public enum Verdict: String, Sendable {
        /// As it should be.
        case ok
        /// It serves, but less than it could.
        case low
        /// It can't serve like this.
        case bad
    }

    /// One line of the table.
    public struct Finding: Sendable {
        /// What was looked at.
        public let name: String
        /// What it is.
        public let value: String
        /// How good that is.
        public let verdict: Verdict
        /// What would improve it; empty where nothing needs to be.
        public let remedy: String

        init(_ name: String, _ value: String, _ verdict: Verdict, _ remedy: String = "") {
            self.name = name
            self.value = value
            self.verdict = verdict
            self.remedy = verdict == .ok ? "" : remedy
        }
    }

    /// What is known of a machine.
    public struct Facts: Sendable {
        /// The release of its kernel.
        public var release = ""
        /// Why it can't make a ring, in words; nil if it can.
        public var ringFailure: String?
        /// What its kernel can do.
        public var features: [Feature] = []
        /// Workers whose rings can't all be there at once: how many can, and what to do; nil if all
        /// can.
        public var ringShortage: (count: Int, remedy: String)?
        /// The hard limit of open files.
        public var openFileLimit = 0
        /// Whether limits of a user's pipes don't count for this process.
        public var arePipesUnbounded = false
        /// The text of each sysctl that this kernel has, by its dotted name.
        public var settings: [String: String] = [:]

        /// A machine of which nothing is known.
        public init() {}

        /// This machine, for a server that would run with `configuration`.
        public static func ofThisMachine(_ configuration: Configuration) -> Facts {
            let probe = Probe()
            var facts = Facts()
            facts.release = probe.release
            facts.ringFailure = probe.failure.map { Probe.explain($0) }
            facts.features = probe.features
            facts.openFileLimit = Descriptors.limits().hard
            facts.arePipesUnbounded = Pipe.isUnbounded
            if probe.failure == nil {
                let plan = Plan(configuration, openFiles: facts.openFileLimit)
                let rings = Probe.rings(plan.ring, wanted: plan.workers)
                facts.ringShortage = rings.failure.map { (rings.count, Probe.explain($0)) }
            }
            for setting in Setting.allCases {
                guard let text = SystemFile.read(setting.path) else { continue }
                facts.settings[setting.name] = text.split { $0.isWhitespace }
                    .joined(separator: " ")
            }
            return facts
        }
    }

    /// What was found, in the order in which it is shown.
    public let findings: [Finding]

    /// Whether serving is possible.
    public var canServe: Bool { findings.allSatisfy { $0.verdict != .bad } }

    /// Judges `facts` for a server that would run with `configuration`.
    public init(_ facts: Facts, _ configuration: Configuration) {
        let ceiling = configuration.tunnelCeiling(openFileLimit: facts.openFileLimit)
        var findings = [Finding("kernel", facts.release, .ok), Doctor.ring(facts)]
        if facts.canMakeRing { findings.append(Doctor.rings(facts, configuration.workerCount)) }
        findings += facts.features.map { Doctor.feature($0, facts.canMakeRing) }
        findings += Doctor.openFiles(facts.openFileLimit, ceiling, configuration.workerCount)
        let needs = Setting.Needs(configuration, tunnels: ceiling, facts)
        if facts.settings.isEmpty {
            let remedy = "mount it: sysctls can't be read without it, nor --congestion auto chosen"
            findings.append(Finding("/proc/sys", "not here", .low, remedy))
        }
        findings += Setting.allCases.map { $0.judge(facts.settings[$0.name], needs) }
        self.findings = findings
    }

    private static func ring(_ facts: Facts) -> Finding {
        guard let failure = facts.ringFailure else { return Finding("io_uring", "usable", .ok) }
        return Finding("io_uring", "not usable", .bad, failure)
    }

    private static func rings(_ facts: Facts, _ workers: Int) -> Finding {
        let name = "rings of \(workers) workers"
        guard let (count, remedy) = facts.ringShortage else { return Finding(name, "there", .ok) }
        return Finding(name, "\(count) of them", .bad, remedy)
    }

    private static func feature(_ feature: Feature, _ canMakeRing: Bool) -> Finding {
        let need = feature.isNeeded ? "needed" : "not needed"
        let value = "\(feature.isAvailable ? "there" : "missing") (\(need), Linux \(feature.since))"
        guard !feature.isAvailable else { return Finding(feature.name, value, .ok) }
        return Finding(
            feature.name,
            value,
            feature.isNeeded ? .bad : .low,
            canMakeRing
                ? "run Linux \(feature.since) or later, and let its system calls through"
                : "make io_uring usable first"
        )
    }

    private static func openFiles(_ limit: Int, _ ceiling: Int, _ workers: Int) -> [Finding] {
        let remedy = "LimitNOFILE=1048576 in the unit, or 'ulimit -Hn 1048576' as root"
        let verdict: Verdict = ceiling == 0 ? .bad : limit < 65536 ? .low : .ok
        return [
            Finding("open files of each worker", "\(limit)", verdict, remedy),
            Finding("tunnels at once, \(workers) workers", "\(ceiling)", verdict, remedy),
        ]
    }
}

extension Doctor.Facts {
    var canMakeRing: Bool { ringFailure == nil }
}
