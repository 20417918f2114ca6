import Kernel
import Proxy
import Testing

@Suite struct DoctorTests {
    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.workers = 2
        configuration.pipeSize = 262_144
        return configuration
    }

    private static func facts(_ settings: [String: String] = [:]) -> Doctor.Facts {
        var facts = Doctor.Facts()
        facts.release = "6.18.0"
        facts.openFileLimit = 1_048_576
        facts.settings = settings
        facts.features = [Feature("x", since: "6.1", isNeeded: true, isAvailable: true)]
        return facts
    }

    private static func finding(_ name: String, _ doctor: Doctor) -> Doctor.Finding? {
        doctor.findings.first { $0.name.hasPrefix(name) }
    }

    @Test(
        arguments: [
            ("net.core.somaxconn", "4096", .ok, ""),
            ("net.core.somaxconn", "128", .low, "sysctl -w net.core.somaxconn=4096"),
            (
                "net.ipv4.tcp_max_syn_backlog", "2048", .low,
                "sysctl -w net.ipv4.tcp_max_syn_backlog=4096"
            ),
            ("net.ipv4.ip_local_port_range", "1024 65535", .ok, ""),
            (
                "net.ipv4.ip_local_port_range", "32768 60999", .low,
                "sysctl -w net.ipv4.ip_local_port_range='1024 65535'"
            ),
            ("net.ipv4.tcp_mem", "287901 383868 99575802", .ok, ""),
            ("net.ipv4.tcp_rmem", "4096 131072 6291456", .ok, ""),
            (
                "net.ipv4.tcp_rmem", "4096 131072 262144", .low,
                "sysctl -w net.ipv4.tcp_rmem='4096 131072 4194304'"
            ),
            ("net.ipv4.tcp_wmem", "4096 16384 4194304", .ok, ""),
            ("net.core.rmem_max", "212992", .ok, ""),
            ("net.core.wmem_max", "65536", .low, "sysctl -w net.core.wmem_max=212992"),
            ("fs.pipe-max-size", "262144", .ok, ""),
            ("fs.pipe-max-size", "65536", .low, "sysctl -w fs.pipe-max-size=262144"),
            ("fs.pipe-user-pages-soft", "0", .ok, ""),
            ("fs.pipe-user-pages-soft", "16384", .low, "sysctl -w fs.pipe-user-pages-soft=32768"),
            ("fs.file-max", "9223372036854775807", .ok, ""),
            ("fs.nr_open", "524288", .low, "sysctl -w fs.nr_open=1048576"),
            ("net.ipv4.tcp_tw_reuse", "2", .low, "sysctl -w net.ipv4.tcp_tw_reuse=1"),
            ("net.ipv4.tcp_tw_reuse", "1", .ok, ""),
            ("net.ipv4.tcp_fin_timeout", "60", .ok, ""),
            ("net.ipv4.tcp_fin_timeout", "120", .low, "sysctl -w net.ipv4.tcp_fin_timeout=60"),
            ("kernel.io_uring_disabled", "0", .ok, ""),
            ("kernel.io_uring_disabled", "1", .ok, ""),
        ] as [(String, String, Doctor.Verdict, String)]
    )
    func `a sysctl is judged by what serving needs`(
        name: String,
        text: String,
        verdict: Doctor.Verdict,
        remedy: String
    ) throws {
        let doctor = Doctor(Self.facts([name: text]), Self.configuration())
        let finding = try #require(Self.finding(name, doctor))
        #expect(finding.verdict == verdict)
        #expect(finding.remedy == remedy)
        #expect(finding.value == text)
        #expect(doctor.canServe)
    }

    @Test func `a tracking table grows with the tunnels that are allowed`() throws {
        var configuration = Self.configuration()
        let facts = Self.facts(["net.netfilter.nf_conntrack_max": "262144"])
        let name = "net.netfilter.nf_conntrack_max"
        #expect(Self.finding(name, Doctor(facts, configuration))?.verdict == .low)
        configuration.maxTunnels = 1000
        #expect(Self.finding(name, Doctor(facts, configuration))?.verdict == .ok)
    }

    @Test func `pages of pipes don't count for who may have as many as it likes`() throws {
        var facts = Self.facts(["fs.pipe-user-pages-soft": "16384"])
        facts.arePipesUnbounded = true
        let doctor = Doctor(facts, Self.configuration())
        let finding = Self.finding("fs.pipe-user-pages-soft", doctor)
        #expect(finding?.verdict == .ok && finding?.value == "16384, not for this process")
    }

    @Test func `a sysctl that this kernel lacks is no fault`() throws {
        let finding = Self.finding("net.netfilter", Doctor(Self.facts(), Self.configuration()))
        #expect(finding?.value == "not here")
        #expect(finding?.verdict == .ok)
    }

    @Test func `a machine without sysctls is told so`() throws {
        let doctor = Doctor(Self.facts(), Self.configuration())
        #expect(Self.finding("/proc/sys", doctor)?.verdict == .low && doctor.canServe)
        let facts = Self.facts(["fs.nr_open": "1048576"])
        #expect(Self.finding("/proc/sys", Doctor(facts, Self.configuration())) == nil)
    }

    @Test func `a sysctl that can't be read as a number is shown as it is`() throws {
        let facts = Self.facts(["fs.nr_open": "many"])
        #expect(Self.finding("fs.nr_open", Doctor(facts, Self.configuration()))?.verdict == .low)
    }

    @Test func `fewer rings than workers are no serving`() throws {
        var facts = Self.facts()
        facts.ringShortage = (9, "raise it")
        var configuration = Self.configuration()
        configuration.workers = 12
        let doctor = Doctor(facts, configuration)
        #expect(!doctor.canServe)
        let finding = try #require(Self.finding("rings of 12 workers", doctor))
        #expect(finding.value == "9 of them" && finding.remedy == "raise it")
        facts.ringShortage = nil
        #expect(Doctor(facts, configuration).canServe)
    }

    @Test func `without a ring there is no serving, and the cause is told`() throws {
        var facts = Self.facts(["kernel.io_uring_disabled": "2"])
        facts.ringFailure = "it is off"
        let doctor = Doctor(facts, Self.configuration())
        #expect(!doctor.canServe)
        #expect(Self.finding("io_uring", doctor)?.remedy == "it is off")
        let remedy = Self.finding("kernel.io_uring_disabled", doctor)?.remedy
        #expect(remedy == "sysctl -w kernel.io_uring_disabled=0")
    }

    @Test(arguments: [(true, Doctor.Verdict.bad), (false, .low)])
    func `a missing feature is bad only if it is needed`(
        isNeeded: Bool,
        verdict: Doctor.Verdict
    ) throws {
        var facts = Self.facts()
        facts.features = [Feature("y", since: "6.12", isNeeded: isNeeded, isAvailable: false)]
        let doctor = Doctor(facts, Self.configuration())
        #expect(Self.finding("y", doctor)?.verdict == verdict)
        #expect(doctor.canServe == !isNeeded)
    }

    @Test(arguments: [
        (1_048_576, Doctor.Verdict.ok), (20_000, .low), (100, .bad),
    ])
    func `open files set the ceiling of tunnels`(limit: Int, verdict: Doctor.Verdict) throws {
        var facts = Self.facts()
        facts.openFileLimit = limit
        let configuration = Self.configuration()
        let doctor = Doctor(facts, configuration)
        let ceiling = configuration.tunnelCeiling(openFileLimit: limit)
        #expect(ceiling < limit * 2 && ceiling >= 0)
        #expect(Self.finding("tunnels at once", doctor)?.value == "\(ceiling)")
        #expect(Self.finding("tunnels at once", doctor)?.verdict == verdict)
        #expect(Self.finding("open files", doctor)?.verdict == verdict)
    }
}
