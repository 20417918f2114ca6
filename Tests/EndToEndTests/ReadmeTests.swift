import Foundation
import Testing

extension EndToEndTests {
    /// Every command of the README, run as it stands there.
    ///
    /// They run in a network of their own, where the names of the README are public addresses with
    /// an origin and an sshd behind, and the ports of the README are free.
    @Suite struct ReadmeCommands {
        /// The small Internet of the README.
        private struct World {
            let namespace: Namespace
            let origin: WebOrigin
            let shell: SecureShell
            let commit: String
            /// Where commands run that make files.
            let folder: Folder

            init() throws {
                let hosts = [Namespace.public4, Namespace.public6].map { "\($0) example.com host" }
                namespace = try Namespace(hosts: hosts)
                origin = try WebOrigin(in: namespace, names: ["example.com"])
                try origin.site.write("index.html", Data("the page".utf8))
                commit = try origin.makeRepository("repository.git")
                shell = try SecureShell(in: namespace)
                folder = try Folder()
                try namespace.run(["mount", "--bind", shell.configuration, "/etc/ssh/ssh_config"])
                try namespace.run(["mount", "-t", "tmpfs", "none", "/var/log"])
            }

            /// The command that runs `line` as a user types it, in the folder at `path`.
            func shell(_ line: String, at path: String) throws -> [String] {
                let programs = URL(filePath: try Culvert.program).deletingLastPathComponent().path
                let inherited = ProcessInfo.processInfo.environment["PATH"] ?? ""
                let environment = [
                    "PATH=\(programs):\(inherited)", "MAKEFLAGS=", "FLAGS=",
                    "CURL_CA_BUNDLE=\(origin.certificates.authority)",
                    "GIT_SSL_CAINFO=\(origin.certificates.authority)",
                    "GIT_CONFIG_GLOBAL=/dev/null", "PASSWORD=open sesame",
                ]
                return namespace.command(environment + ["sh", "-c", line], at: path)
            }

            /// What curl sees of `url` through the proxy at `endpoint`.
            func curl(_ endpoint: String, _ url: String) throws -> Program.Outcome {
                let codes = "%{http_connect} %{response_code}"
                let line = "curl -v -x http://\(endpoint) \(url) -o /dev/null -w '\(codes)'"
                let command = try shell(line, at: "/")
                return try Program.run(command[0], Array(command.dropFirst()))
            }
        }

        @Test func `the README has commands of each kind, and none is left out`() {
            #expect(Readme.servers.count >= 3)
            #expect(Readme.clients.count >= 3)
            #expect(Readme.targets.count >= 1)
            let kinds = [Readme.servers, Readme.clients, Readme.targets, Readme.users]
            #expect(kinds.joined().count == Readme.commands.count)
        }

        private static let openRun = Readme.Command(
            "make run FLAGS='--allow-port any --allow-private'"
        )

        @Test(arguments: Readme.servers + [openRun])
        func `a command that serves lets through what it should`(command: Readme.Command) throws {
            let world = try World()
            let line = try world.shell("exec \(command.text)", at: Program.repository.path)
            let culvert = try Culvert(command: line)
            let endpoints = culvert.notices.all.compactMap { notice in
                notice.firstMatch(of: /listening on (.+)/).map { String($0.1) }
            }
            #expect(!endpoints.isEmpty)
            if let promised = command.comment.firstMatch(of: /serves on ([0-9.:]+)/) {
                #expect(endpoints == [String(promised.1)])
            }
            for endpoint in endpoints {
                let curl = try world.curl(endpoint, "https://example.com/")
                #expect(curl.output == "200 200", "\(curl.errors)")
                try expectRefusals(world, endpoint, command)
            }
            try expectEnd(world, culvert, command)
        }

        /// Expects that what the flags of `command` don't open is refused, and what they do isn't.
        private func expectRefusals(
            _ world: World,
            _ endpoint: String,
            _ command: Readme.Command
        ) throws {
            let private4 = try world.curl(endpoint, "https://127.0.0.1/")
            if command.text.contains("--allow-private") {
                #expect(private4.output == "200 200", "\(private4.errors)")
            } else {
                #expect(private4.output == "502 000")
                #expect(private4.errors.contains("; error=destination_ip_prohibited; "))
            }
            let port = try world.curl(endpoint, "https://example.com:8443/")
            if command.text.contains("--allow-port any") {
                #expect(port.output == "502 000")
                #expect(port.errors.contains("; error=connection_refused; "))
            } else {
                #expect(port.output == "403 000")
                #expect(port.errors.contains("; error=http_request_denied; "))
            }
        }

        private func expectEnd(
            _ world: World,
            _ culvert: Culvert,
            _ command: Readme.Command
        ) throws {
            let status = culvert.stop()
            _ = try culvert.notices.first { $0.hasSuffix(" drained") }
            if command.words[0] == "make" {
                // The status is make's own; it is the journal that make run promises.
                _ = try culvert.end(of: "example.com:443")
                return
            }
            #expect(status == 0)
            guard let journal = command.text.firstMatch(of: /--journal ([^ ]+)/) else { return }
            let text = try world.namespace.run(["cat", String(journal.1)])
            #expect(text.contains(#""event":"end""#))
            #expect(text.contains(#""authority":"example.com:443""#))
        }

        @Test(arguments: Readme.clients)
        func `a command that uses a culvert gets what it asks for`(command: Readme.Command) throws {
            let world = try World()
            let flags = command.comment.firstMatch(of: /with (--.+)/).map {
                $0.1.split(separator: " ").map(String.init)
            }
            let listen = "127.0.0.1:3128"
            let culvert = try Culvert(flags ?? [], listen: listen, in: world.namespace)
            let line = try world.shell(command.text, at: world.folder.path(""))
            let input = "echo $((6 * 7))\n"
            let outcome = try Program.run(line[0], Array(line.dropFirst()), input: input)
            #expect(outcome.status == 0, "\(outcome.errors)")
            switch command.words[0] {
            case "curl": #expect(outcome.output == "the page")
            case "ssh": #expect(outcome.output == "42\n")
            case "git":
                let copy = world.folder.path("repository")
                let head = try Program.output(of: "git", ["-C", copy, "rev-parse", "HEAD"])
                #expect(head == world.commit)
            default: Issue.record("no test knows how to tell that '\(command.text)' succeeded")
            }
            let end = try culvert.record("end")
            #expect(end["status"] as? Int == 200)
            #expect(end["reason"] as? String == "closed")
            #expect(try #require(end["bytes_in"] as? Int) > 0)
        }

        @Test func `a user is made, let through, and removed`() throws {
            try #require(Readme.users.count == 4)
            let world = try World()
            let lines = try Readme.users.map { command in
                try world.shell("exec \(command.text)", at: world.folder.path(""))
            }
            func run(_ line: [String]) throws -> Program.Outcome {
                try Program.run(line[0], Array(line.dropFirst()), input: "open sesame\n")
            }
            #expect(try run(lines[0]).status == 0)
            let culvert = try Culvert(command: lines[1])
            let curl = try run(lines[2])
            #expect(curl.output == "the page", "\(curl.errors)")
            #expect(try run(lines[3]).status == 0)
            culvert.signal(SIGHUP)
            // Without any user everybody might come: so the file isn't taken.
            _ = try culvert.notices.first { $0.contains("there is no user in it") }
            #expect(try run(lines[2]).output == "the page")
        }

        @Test(arguments: Readme.targets)
        func `a target that the README names is one, and does something`(command: Readme.Command)
            throws
        {
            #expect(try Makefile.dryRun(command.words.dropFirst().map(String.init)) != "")
        }
    }
}
