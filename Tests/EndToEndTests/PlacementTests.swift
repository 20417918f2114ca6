import Testing

extension EndToEndTests {
    /// Which CPUs the workers take.
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
    }
}
