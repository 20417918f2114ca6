import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Which name servers are asked, how often, and from where.
    @Suite struct NameServers {
        private static let system = Endpoint(Address(v4: 0x7f00_0035), port: 53)
        private static let other = Endpoint(Address(v4: 0x7f00_0036), port: 53)
        /// Whom one asks who knows of no server.
        private static let local = Endpoint(Address(v4: 0x7f00_0001), port: 53)
        private static let flags = ["--workers", "1", "--hosts-file", "off"]

        private static func resolvConf(_ server: Endpoint) -> String {
            "nameserver \(server.address)\n"
        }

        /// Asks for `count` names that don't exist: more than one opening of a channel serves.
        private func ask(
            _ culvert: Culvert,
            _ word: String,
            count: Int = 40,
            in namespace: Namespace
        ) throws {
            for number in 0..<count {
                try namespace.inside {
                    try culvert.ask(for: "\(word)\(number).test:443").expect(502, "dns_error")
                }
            }
        }

        /// Overwrites the file in its place, as some programs do.
        private func write(_ text: String, in namespace: Namespace) throws {
            try namespace.run(["sh", "-c", "printf '\(text)' > /etc/resolv.conf"])
        }

        @Test func `servers go on being asked when the system's file names none any more`() throws {
            let namespace = try Namespace(resolvConf: Self.resolvConf(Self.system))
            let (system, other, local) = try namespace.inside {
                (
                    try NameServer(at: Self.system) { _ in .noSuchName },
                    try NameServer(at: Self.other) { _ in .noSuchName },
                    try NameServer(at: Self.local) { _ in .noSuchName }
                )
            }
            let culvert = try Culvert(Self.flags, in: namespace)
            try ask(culvert, "first", in: namespace)
            try write("", in: namespace)
            try ask(culvert, "empty", in: namespace)
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("read again") }
            try ask(culvert, "again", in: namespace)
            #expect(Set(system.questions.map(\.name)).count == 120)
            #expect(local.questions.isEmpty)
            // The file was being written when it was read: it counts as soon as it is whole.
            try write(Self.resolvConf(Self.other), in: namespace)
            try ask(culvert, "last", count: 1, in: namespace)
            #expect(Set(other.questions.map(\.name)) == ["last0.test"])
        }

        @Test func `without random bytes no new numbers are made up`() throws {
            let namespace = try Namespace()
            let names = try namespace.inside {
                try NameServer { $0.name == "silent.test" ? .silence : .noSuchName }
            }
            let flags = Self.flags + ["--resolve-timeout", "60s"]
            let culvert = try Culvert(flags + names.flags, in: namespace)
            // As long as it waits for an answer, a channel asks from one port.
            let silent = try namespace.inside { try Stream.asking(culvert, for: "silent.test:443") }
            try namespace.run(["mount", "--bind", "/dev/urandom", "/dev/urandom"])
            try namespace.run(["mount", "-o", "remount,bind,nodev", "/dev/urandom"])
            try ask(culvert, "same", in: namespace)
            #expect(names.ports.count == 1)
            let words = [try Culvert.program, "--listen", "127.0.0.1:0"] + flags
            let start = Array(namespace.command(words).dropFirst())
            let outcome = try Program.run("nsenter", start, within: 30)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("/dev/urandom can't be opened"), "\(outcome.errors)")
            try namespace.run(["umount", "/dev/urandom"])
            try ask(culvert, "new", in: namespace)
            #expect(names.ports.count > 1)
            silent.close()
        }

        @Test func `several servers that are silent are asked no longer than anybody waits`() throws
        {
            let servers = try (0..<3).map { _ in try NameServer { _ in .silence } }
            let flags = servers.flatMap { ["--name-server", "\($0.endpoint)"] }
            let times = ["--resolve-timeout", "1200ms"]
            let culvert = try Culvert(Culvert.openFlags + Self.flags + flags + times)
            try culvert.ask(for: "silent.test:443").expect(504, "dns_timeout")
            let questions = servers.map(\.questions.count)
            #expect(questions.allSatisfy { $0 > 0 }, "\(questions)")
            usleep(1_500_000)
            #expect(servers.map(\.questions.count) == questions)
        }
    }
}
