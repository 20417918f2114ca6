import Kernel
import Synchronization
import Testing

extension AloneTests {
    /// Which CPUs the workers take, and which clients.
    @Suite struct Placement {
        @Test func `a process that may run on one CPU has one worker, there`() throws {
            let arguments = ["-c", "1", try Culvert.program, "--show-configuration"]
            let lines = try Program.run("taskset", arguments).output.split(separator: "\n")
            let values = lines.reduce(into: [String: String]()) { values, line in
                let words = line.split(separator: " ")
                values[String(words[0])] = String(words[1])
            }
            #expect(values["--workers"] == "1")
            #expect(values["--cpus"] == "1")
        }

        /// Two workers, on a CPU each.
        private func startOnTwo(_ flags: String...) throws -> (Culvert, cpus: [Int]) {
            let cpus = Array(Thread.allowedCPUs.prefix(2))
            try #require(cpus.count == 2, "there is one CPU only")
            let list = cpus.map(String.init).joined(separator: ",")
            return (try Culvert(["--workers", "2", "--cpus", list] + flags), cpus)
        }

        /// Runs `body` on `cpu`, and with it what its packets cause within this machine.
        private func run(on cpu: Int, _ body: @escaping @Sendable () throws -> Void) throws {
            try Crew.run([
                {
                    try Thread.pin(to: cpu)
                    try body()
                }
            ])
        }

        /// How many clients each worker has taken.
        private func accepted(_ culvert: Culvert) throws -> [Int] {
            try culvert.workerStatus().sorted { $0["worker"] ?? 0 < $1["worker"] ?? 0 }
                .map { $0["accepted"] ?? 0 }
        }

        @Test func `clients come to the worker on the CPU that handles their packets`() throws {
            let (culvert, cpus) = try startOnTwo()
            let count = 20
            for (index, cpu) in cpus.enumerated() {
                let before = try accepted(culvert)
                try run(on: cpu) {
                    for _ in 0..<count {
                        let client = try Stream(to: culvert.endpoint)
                        try client.send("GET / HTTP/1.1\r\n\r\n")
                        _ = try client.receiveToEnd()
                    }
                }
                let after = try accepted(culvert)
                #expect(after[index] - before[index] >= count * 9 / 10, "on \(cpu): \(after)")
            }
            #expect(culvert.stop() == 0)
        }

        @Test func `a worker that passes many on leaves them to the kernel's hash`() throws {
            let (culvert, cpus) = try startOnTwo("--head-timeout", "60s")
            let clients = Mutex<[Stream]>([])
            let passedOn = try [600, 400].map { count in
                let before = try culvert.status()["passed_on"] ?? 0
                try run(on: cpus[0]) {
                    for _ in 0..<count {
                        let client = try Stream(to: culvert.endpoint)
                        clients.withLock { $0.append(client) }
                    }
                }
                try culvert.wait(until: "tunnels", is: clients.withLock { $0.count })
                return try (culvert.status()["passed_on"] ?? 0) - before
            }
            #expect(passedOn[0] > 64)
            #expect(passedOn[1] < 400 / 4)
            #expect(culvert.stop(2) == 0)
        }
    }
}
