import Foundation
import Testing

extension EndToEndTests {
    /// What the program says to flags, good and bad.
    @Suite struct Flags {
        /// A flag with a value that it doesn't take, words of what it takes, and a value that it
        /// takes.
        struct Flag: Sendable, CustomTestStringConvertible {
            let name: String
            let bad: String
            let allowed: String
            let good: String

            init(_ name: String, _ bad: String, _ allowed: String, _ good: String) {
                self.name = name
                self.bad = bad
                self.allowed = allowed
                self.good = good
            }

            var testDescription: String { "\(name)=\(bad)" }
        }

        private static let duration = "a whole number with a unit (250ms, 30s, 5m, 1h) from "
        private static let whole =
            "a whole number with a unit (30s, 5m, 1h), in whole seconds, from "
        private static let size = "bytes, bare or with B, KiB, MiB or GiB, from "

        static let flags = [
            Flag("--listen", "localhost", "ADDRESS:PORT, as in 127.0.0.1:3128", "[::1]:9"),
            Flag("--name", "two words", "1 to 64 letters, digits and any of -._:/", "edge-1"),
            Flag("--workers", "1025", "a whole number from 1 to 1024, or 0 or off", "3"),
            Flag("--cpus", "0,0", "a list of CPUs, each once, as in 0,2-3", "0"),
            Flag("--backlog", "0", "a whole number from 1 to 65535", "7"),
            Flag("--users", "/nowhere", "a file that can be read", "/dev/null"),
            Flag("--credential-lifetime", "0", duration + "1ms to 24h", "7s"),
            Flag("--max-failures-per-client", "-1", "a whole number from 1 to 1000000, or 0", "7"),
            Flag("--tls-ports", "443,", "a list of PORT and LOW-HIGH (from 1 to", "443,8000-8002"),
            Flag("--tls-sni", "on", "off and match", "match"),
            Flag("--tls-sni-allow", "*a.test", "a DNS name, or *. and one", "*.a.test"),
            Flag("--tls-sni-missing", "off", "allow and deny", "allow"),
            Flag("--tls-ech", "off", "allow and deny", "deny"),
            Flag("--tls-hello-timeout", "0", duration + "1ms to 24h", "7s"),
            Flag("--method-tunnel", "tunnel", "/ and up to 127 letters, digits and any of", "/a/b"),
            Flag("--max-sessions", "0", "a whole number from 1 to 65536", "7"),
            Flag("--max-sessions-per-user", "0", "a whole number from 1 to 65536", "7"),
            Flag("--session-grace", "9s", whole + "10s to 24h", "77s"),
            Flag("--poll-timeout", "1500ms", whole + "1s to 10m", "7s"),
            Flag("--body-timeout", "0", duration + "1ms to 24h", "7s"),
            Flag("--allow-port", "0", "PORT, LOW-HIGH (from 1 to 65535) or any", "1-9"),
            Flag("--allow-host", "*", "a name, an address, or *. and a name", "*.example.com"),
            Flag("--deny-host", "a.com:1", "a name, an address, or *. and a name", "example.com"),
            Flag("--allow-network", "10.0.0.1/8", "an address, or a network", "192.0.2.0/24"),
            Flag("--deny-network", "a.com", "an address, or a network", "2001:db8::/32"),
            Flag("--bind", "[::1]", "an IPv4 or IPv6 address, as in 192.0.2.1 or ::1", "127.0.0.2"),
            Flag("--name-server", "ns.test", "ADDRESS[:PORT], as in 9.9.9.9", "[::1]:5353"),
            Flag("--hosts-file", "/nowhere", "a file that can be read, or off", "off"),
            Flag("--head-timeout", "5", duration + "1ms to 24h", "7s"),
            Flag("--resolve-timeout", "0s", duration + "1ms to 24h", "70ms"),
            Flag("--connect-timeout", "1d", duration + "1ms to 24h", "7m"),
            Flag("--attempt-delay", "9ms", duration + "10ms to 1m", "300ms"),
            Flag("--idle-timeout", "never", duration + "1ms to 8760h, or 0 or off", "7h"),
            Flag("--half-closed-timeout", "1.5s", duration + "1ms to 8760h, or 0", "7s"),
            Flag("--max-lifetime", "+1s", duration + "1ms to 8760h, or 0 or off", "7s"),
            Flag("--drain-timeout", "25h", duration + "1ms to 24h", "7s"),
            Flag("--max-tunnels", "1e3", "a whole number from 1 to 100000000, or 0", "7"),
            Flag("--max-tunnels-per-client", "-1", "a whole number from 1 to 100000000", "7"),
            Flag("--head-bytes", "511", size + "512B to 1MiB", "4KiB"),
            Flag("--head-line-bytes", "2MiB", size + "256B to 1MiB", "2KiB"),
            Flag("--head-fields", "10001", "a whole number from 1 to 10000", "7"),
            Flag("--relay", "fast", "auto, copy, splice and ring-splice", "copy"),
            Flag("--buffer-size", "64kb", size + "1KiB to 16MiB", "8KiB"),
            Flag("--buffers", "100", "a power of two from 16 to 32768", "64"),
            Flag("--pipe-size", "1", size + "4KiB to 1GiB", "64KiB"),
            Flag("--pipes", "65536", "a whole number from 1 to 65535, or 0 or off", "7"),
            Flag("--bulk-slice", "1", size + "4KiB to 1GiB", "64KiB"),
            Flag("--park-after", "0", duration + "1ms to 24h", "7s"),
            Flag("--promote-after", "0", "a whole number from 1 to 255", "7"),
            Flag("--promote-size", "0", size + "1B to 1GiB", "8KiB"),
            Flag("--ring-entries", "65536", "a power of two from 64 to 32768", "128"),
            Flag("--completion-entries", "32", "a power of two from 64 to 65536", "256"),
            Flag("--batch", "0", "a whole number from 1 to 65536", "8"),
            Flag("--send-buffer", "1", size + "4KiB to 1GiB, or 0 or off", "16KiB"),
            Flag("--receive-buffer", "2GiB", size + "4KiB to 1GiB, or 0 or off", "16KiB"),
            Flag("--keepalive", "1500ms", whole + "1s to 32767s, or 0 or off", "7s"),
            Flag("--user-timeout", "x", duration + "1ms to 24h, or 0 or off", "7s"),
            Flag("--congestion", "swift", "auto, system and what the kernel lets us use: ", "reno"),
            Flag("--journal", "/nowhere/journal", "there is no directory /nowhere/", "/dev/null"),
            Flag("--journal-interval", "1ms", duration + "100ms to 24h, or 0 or off", "7s"),
        ]

        /// Stands for itself: none of the flags for hosts and networks may stand beside it.
        private static let policy = "--policy"

        /// Flags that take no value.
        private static let switches = [
            "--allow-private", "--enforce-on-reload", "--balance", "--nodelay",
        ]

        private static func run(_ arguments: [String]) throws -> Program.Outcome {
            try Program.run(Culvert.program, arguments, within: 30)
        }

        /// As where a variable of a script is empty.
        @Test(arguments: ["--users", "--policy"])
        func `a file of nobody is no file, and doesn't let everybody in`(flag: String) throws {
            for (words, start) in [
                (["\(flag)="], "Missing value for '\(flag) <file>'"),
                ([flag, ""], "The value '' is invalid for '\(flag) <file>'"),
            ] {
                let outcome = try Self.run(words)
                #expect(outcome.status == 64 && outcome.output == "")
                #expect(outcome.errors.hasPrefix("Error: \(start)"), "\(outcome.errors)")
            }
        }

        @Test(arguments: flags)
        func `a bad value is answered by the flag, the value and what is allowed`(flag: Flag)
            throws
        {
            let outcome = try Self.run(["\(flag.name)=\(flag.bad)"])
            #expect(outcome.status == 64)
            #expect(outcome.output == "")
            let first = outcome.errors.split(separator: "\n").first ?? ""
            #expect(first.hasPrefix("Error: The value '\(flag.bad)' is invalid for '\(flag.name)"))
            #expect(first.contains(flag.allowed), "\(first)")
        }

        @Test func `each flag of the help stands in the table of these tests`() throws {
            let help = try Self.run(["--help"]).output
            let named = help.matches(of: #/^ +(?:-h, )?(--[a-z-]+)/#.anchorsMatchLineEndings())
            let words = ["--show-configuration", "--version", "--help"]
            let known = Self.flags.map(\.name) + Self.switches + [Self.policy] + words
            #expect(named.map { String($0.1) }.sorted() == known.sorted())
        }

        @Test(arguments: [
            (["--listen", "[::1]:9", "--listen", "[::1]:9"], "--listen", "given twice"),
            (["--bind", "::1", "--bind", "::1"], "--bind", "given twice"),
            (["--bind", "203.0.113.9"], "--bind", "an address of this machine"),
            (["--cpus", "0,8191"], "--cpus", "CPU 8191 is not ours; allowed are 0"),
            (
                ["--completion-entries", "64"], "--completion-entries",
                "least --ring-entries (4096)"
            ),
            (
                ["--completion-entries", "4096", "--batch", "5000"], "--batch",
                "at most --completion-entries (4096)"
            ),
            (
                ["--head-bytes", "1KiB", "--head-line-bytes", "2KiB"], "--head-line-bytes",
                "at most --head-bytes (1KiB)"
            ),
            (
                ["--method-tunnel", "/tunnel", "--head-bytes", "256KiB"], "--head-bytes",
                "at most 128KiB with --method-tunnel"
            ),
            (
                ["--tls-ports", "none", "--tls-sni", "match"], "--tls-sni",
                "only where --tls-ports names a port, or with --policy"
            ),
            (
                ["--tls-ports", "none", "--tls-ech", "deny"], "--tls-ech",
                "only where --tls-ports names a port, or with --policy"
            ),
            (["--tls-sni-allow", "a.test"], "--tls-sni-allow", "only with --tls-sni match"),
            (["--tls-sni-missing", "allow"], "--tls-sni-missing", "only with --tls-sni match"),
            (["--hosts-file", "/"], "--hosts-file", "a file that can be read, or off"),
            (["--journal", "/"], "--journal", "a file, or - for standard output"),
            (["--journal-interval", "5s"], "--journal-interval", "only with --journal"),
        ])
        func `values that don't fit together or the machine are answered alike`(
            arguments: [String],
            flag: String,
            allowed: String
        ) throws {
            let outcome = try Self.run(arguments)
            #expect(outcome.status == 64)
            let value = try #require(arguments.last)
            #expect(
                outcome.errors.hasPrefix("Error: The value '\(value)' is invalid for '\(flag)'")
            )
            #expect(outcome.errors.contains(allowed), "\(outcome.errors)")
        }

        @Test(arguments: [
            (["--frobnicate"], "Unknown option '--frobnicate'"),
            (["--listen"], "Missing value for '--listen <address:port>'"),
            (["--nodelay=maybe"], "The option '--nodelay' does not take any value"),
            (["serf"], "Unexpected argument 'serf'"), (["doctor", "--nurse"], "'--nurse'"),
        ])
        func `what is no flag is answered by what was given`(arguments: [String], words: String)
            throws
        {
            let outcome = try Self.run(arguments)
            #expect(outcome.status == 64)
            #expect(outcome.errors.hasPrefix("Error: "))
            #expect(outcome.errors.contains(words), "\(outcome.errors)")
        }

        /// The rows of --show-configuration: flag, value, reason.
        private static func rows(_ arguments: [String]) throws -> [[String]] {
            let outcome = try run(arguments + ["--show-configuration"])
            try #require(outcome.status == 0, "\(outcome.errors)")
            return outcome.output.split(separator: "\n").map { line in
                line.split(separator: #/ {2,}/#).map(String.init)
            }
        }

        @Test func `the configuration in force shows a value and a reason for each flag`() throws {
            let rows = try Self.rows([])
            let known = Self.flags.map(\.name) + Self.switches + [Self.policy]
            #expect(rows.map { $0[0] }.sorted() == known.sorted())
            for row in rows {
                try #require(row.count == 3, "\(row)")
                #expect(row[2] == "default" || row[2].hasPrefix("derived: "), "\(row)")
            }
            #expect(rows.contains(["--allow-port", "443", "default"]))
            #expect(rows.contains(["--allow-private", "off", "default"]))
            #expect(rows.contains(["--tls-ports", "443", "default"]))
            let none = try Self.rows(["--tls-ports", "none"])
            #expect(none.contains(["--tls-ports", "none", "flag"]))
            #expect(rows.contains { $0[0] == "--workers" && $0[2] == "derived: one for each CPU" })
        }

        @Test func `each flag that is given shows its value, and says that it was given`() throws {
            let given = Self.flags.flatMap { [$0.name, $0.good] }
            let rows = try Self.rows(given + ["--allow-private", "--no-balance", "--no-nodelay"])
            for flag in Self.flags {
                #expect(rows.contains([flag.name, flag.good, "flag"]), "\(flag.name)")
            }
            #expect(rows.contains(["--allow-private", "on", "flag"]))
            #expect(rows.contains(["--balance", "off", "flag"]))
            #expect(rows.contains(["--nodelay", "off", "flag"]))
            #expect(rows.contains([Self.policy, "no rules", "default"]))
            #expect(rows.count == Self.flags.count + Self.switches.count + 1)
        }
    }
}
