import Foundation
import Testing

extension EndToEndTests {
    /// Starts that can't succeed: they end, and say why and what to do.
    @Suite struct Starts {
        private static func run(_ command: [String]) throws -> Program.Outcome {
            let name = try #require(command.first)
            return try Program.run(name, Array(command.dropFirst()), within: 30)
        }

        private func expectFailure(_ command: [String], _ words: [String]) throws {
            let outcome = try Self.run(command)
            #expect(outcome.status == 1)
            #expect(outcome.output == "")
            #expect(outcome.errors.contains(" critical culvert: "), "\(outcome.errors)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
        }

        @Test func `a port that is in use stops the start`() throws {
            let origin = try Origin()
            let words = "--listen \(origin.authority): somebody listens there already; "
            let command = [try Culvert.program, "--listen", origin.authority]
            try expectFailure(command, [words + "stop it or choose another port"])
        }

        @Test func `a second culvert on the same port stops at once, the first serves on`() throws {
            let culvert = try Culvert()
            let command = [try Culvert.program, "--listen", "\(culvert.endpoint)"]
            try expectFailure(command, ["somebody listens there already"])
            let origin = try Origin.echo()
            let tunnel = try Stream.tunnel(culvert, to: origin.authority, early: [1])
            #expect(try tunnel.receive(exactly: 1) == [1])
        }

        @Test func `an address of another machine stops the start`() throws {
            let command = [try Culvert.program, "--listen", "203.0.113.9:3128"]
            let words = "--listen 203.0.113.9:3128: this machine has no such address"
            try expectFailure(command, [words])
        }

        @Test func `a journal that can't be opened stops the start and is named`() throws {
            // There is the directory, but nothing can be made in it.
            let command = [try Culvert.program, "--listen", "127.0.0.1:0", "--journal", "/proc/j"]
            try expectFailure(command, ["--journal /proc/j: can't be opened (open: "])
        }

        @Test func `a signal that comes while it starts is obeyed once it serves`() throws {
            let folder = try Folder()
            let policy = folder.path("policy.yaml")
            _ = try Program.output(of: "mkfifo", [policy])
            // Opening the pipe waits until culvert reads it.
            let script = #"""
                "$0" "$@" & exec 3> "$POLICY"; kill -HUP $!
                echo 'rules: [{name: a, action: allow}]' >&3; exec 3>&-; wait $!
                """#
            let flags = ["--listen", "127.0.0.1:0", "--policy", policy]
            let culvert = try Culvert(
                command: ["env", "POLICY=\(policy)", "sh", "-c", script, Culvert.program] + flags
            )
            _ = try culvert.notices.first { $0.contains("hosts and name servers read again") }
        }

        @Test func `too few open files stop the start`() throws {
            let script = #"ulimit -n 40 && exec "$0" --listen 127.0.0.1:0"#
            let words = ["the open-file limit of 40 ", "'ulimit -n' or LimitNOFILE"]
            try expectFailure(["sh", "-c", script, try Culvert.program], words)
        }

        @Test func `too little memory to set aside stops the start`() throws {
            let script = #"ulimit -v 300000 && exec "$0" --listen 127.0.0.1:0"#
            let words = ["no memory can be set aside (mmap: ", "raise 'ulimit -v'"]
            try expectFailure(["bash", "-c", script, try Culvert.program], words)
        }

        @Test func `of several that start at once on one port one serves`() throws {
            // The shell's `wait -n` may miss those that end at the same moment.
            let script = #"""
                for number in 1 2 3 4; do "$0" --listen "$1" & all="$all $!"; done
                while [ "$(jobs -rp | wc -l)" -gt 1 ]; do sleep 0.01; done
                kill $(jobs -rp)
                for each in $all; do wait "$each"; ends="$ends$? "; done
                echo $ends | tr ' ' '\n' | sort
                """#
            let authority = "127.0.0.1:\(try Origin.freePort())"
            let outcome = try Self.run(["bash", "-c", script, try Culvert.program, authority])
            #expect(outcome.output == "0\n1\n1\n1\n")
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.filter { $0.contains("somebody listens there already") }.count == 3)
            #expect(lines.filter { $0.contains("serving with") }.count == 1)
        }

        private static let refusals = [
            (
                "EPERM",
                [
                    "a security filter forbids io_uring, as the seccomp profile of containers does",
                    "allow io_uring_setup, io_uring_enter and io_uring_register in the profile",
                ]
            ),
            (
                "ENOSYS",
                [
                    "this kernel has no io_uring, or a sandbox hides it",
                    "run on Linux 6.12 or later, outside the sandbox",
                ]
            ),
        ]

        /// With the numbers that the calls have on every machine: io_uring_enter, close_range.
        @Test(arguments: [
            ("EPERM@426", ["a security filter forbids io_uring"]),
            ("EPERM@436", ["forbids close_range", "allow it in the profile"]),
            ("ENOSYS@436", ["the kernel is too old", "run on Linux 6.12 or later"]),
        ])
        func `a filter that forbids one call stops the start`(
            code: String,
            words: [String]
        ) throws {
            try expectFailure(try Self.without(code, ["--listen", "127.0.0.1:0"]), words)
        }

        @Test func `a worker that can't be pinned serves, unless that was asked for`() throws {
            #if arch(x86_64)
            let pin = "EPERM@203"
            #else
            let pin = "EPERM@122"
            #endif
            let flags = ["--listen", "127.0.0.1:0", "--journal", "-"] + Culvert.openFlags
            let culvert = try Culvert(command: try Self.without(pin, flags))
            let origin = try Origin.echo()
            try Stream.expectEchoes(
                of: 100,
                on: [try Stream.tunnel(culvert, to: origin.authority)]
            )
            let cpu = try #require(Self.firstCPU)
            try expectFailure(
                try Self.without(pin, flags + ["--cpus", cpu, "--workers", "1"]),
                ["setaffinity"]
            )
        }

        /// The first CPU that this process may run on.
        private static var firstCPU: String? {
            let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
            return line?.firstMatch(of: #/\d+/#).map { String($0.output) }
        }

        @Test func `a start that lets everybody in says so`() throws {
            let warning = "whoever reaches 0.0.0.0:"
            let open = try Culvert(listen: "0.0.0.0:0")
            #expect(open.stop() == 0)
            #expect(open.notices.allAtEnd().filter { $0.contains(warning) }.count == 1)
            let folder = try Folder()
            let closed = try Culvert(try folder.writeUsers(["ana"]), listen: "0.0.0.0:0")
            #expect(closed.stop() == 0)
            #expect(!closed.notices.allAtEnd().contains { $0.contains("whoever reaches") })
        }

        private static func without(_ code: String, _ arguments: [String]) throws -> [String] {
            let script = Program.script("without_io_uring.py")
            return [Program.python, script, code, try Culvert.program] + arguments
        }

        @Test(arguments: refusals)
        func `a kernel that refuses a ring stops the start`(code: String, words: [String]) throws {
            try expectFailure(try Self.without(code, ["--listen", "127.0.0.1:0"]), words)
        }

        @Test(arguments: refusals)
        func `the doctor finds a kernel that refuses a ring`(code: String, words: [String]) throws {
            let outcome = try Self.run(try Self.without(code, ["doctor"]))
            #expect(outcome.status == 1)
            let row =
                outcome.output.split(separator: "\n").first { $0.hasPrefix("io_uring ") } ?? ""
            #expect(row.contains("  bad  "))
            for word in words { #expect(row.contains(word), "\(row)") }
            #expect(outcome.output.hasSuffix("\nThis machine can't serve.\n"))
        }

        /// Rings count against the memory that a user may lock, where the kernel counts them; root
        /// is let off by CAP_IPC_LOCK.
        @Test func `the doctor finds too few rings where the start does`() throws {
            let script = #"""
                ulimit -l 1024
                exec setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock timeout 5 "$0" "$@"
                """#
            let workers = ["--workers", "12", "--listen", "127.0.0.1:0"]
            let command = ["bash", "-c", script, try Culvert.program]
            let start = try Self.run(command + workers)
            let doctor = try Self.run(command + ["doctor"] + workers)
            let row = doctor.output.split(separator: "\n").first { $0.hasPrefix("rings of 12 ") }
            // `timeout` has ended one that serves.
            guard start.status == 1 else {
                #expect(start.status == 124 || start.status == 0, "\(start.errors)")
                #expect(doctor.status == 0 && row?.contains("  ok") == true)
                return
            }
            #expect(start.errors.contains("raise the memory limit or 'ulimit -l'"))
            #expect(doctor.status == 1 && row?.contains("raise the memory limit") == true)
        }

        @Test func `the doctor finds nothing bad where culvert serves`() throws {
            let outcome = try Self.run([try Culvert.program, "doctor"])
            #expect(outcome.status == 0)
            #expect(!outcome.output.contains("  bad"), "\(outcome.output)")
            #expect(outcome.output.hasSuffix("\nThis machine can serve.\n"))
        }
    }
}
