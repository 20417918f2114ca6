import Foundation
import Kernel
import Load
import Testing

/// What is read of processes and of the kernel.
@Suite struct MemoryTests {
    /// Runs `script` with Python until it has printed a number, and then `body` with its process
    /// and that number.
    private static func python(_ script: String, _ body: (Int32, Int) throws -> Void) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let number = try #require(Int(text.split(separator: "\n").first ?? ""))
        try body(process.processIdentifier, number)
    }

    @Test func `descriptors of a shared table are counted once, those of own tables too`() throws {
        // One thread has a table of its own, with ten more.
        let script = """
            import ctypes, os, sys, threading
            ready = threading.Barrier(3)
            def stay(own):
                if own:
                    assert ctypes.CDLL(None).unshare(0x400) == 0  # CLONE_FILES
                    for _ in range(10): os.dup(0)
                ready.wait()
                sys.stdin.read()
            shared = len(os.listdir("/proc/self/fd")) - 1
            threads = [threading.Thread(target=stay, args=[own]) for own in (False, True)]
            for thread in threads: thread.start()
            ready.wait()
            print(2 * shared + 10, flush=True)
            for thread in threads: thread.join()
            """
        try Self.python(script) { process, count in
            let reading = try #require(ProcessReading(process))
            #expect(reading.descriptors == count)
            #expect(reading.threads == 3)
            let resident = try #require(reading.resident)
            let proportional = try #require(reading.proportional)
            #expect(proportional > 0)
            #expect(resident >= proportional)
        }
    }

    @Test func `what can't be read is said in each output`() throws {
        // A process that has ended but was not waited for has no memory and no descriptors.
        let script = """
            import os, sys
            child = os.fork()
            if child == 0: os._exit(0)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            print(child, flush=True)
            sys.stdin.read()
            """
        try Self.python(script) { _, ended in
            let folder = try Scratch()
            let result = try Tool.run([
                "hold", "--direct", "--tunnels", "10", "--duration", "100ms", "--pid", "\(ended)",
                "--json", folder.path("a.json"), "--csv", folder.path("a.csv"),
            ])
            #expect(result.output.contains(#/process, resident +not readable/#))
            #expect(!result.output.contains(#/process, threads +not readable/#))
            let names = ["process_resident_bytes", "process_proportional_bytes"]
            let figures = try folder.figures("a.json")
            #expect(figures["unreadable"] as? [String] == names + ["process_descriptors"])
            let memory = try #require(figures["memory"] as? [String: Any])
            #expect(memory["process_resident_bytes_per_tunnel"] is NSNull)
            #expect(memory["kernel_bytes_per_tunnel"] is Double)
            let cells = try folder.cells("a.csv")
            #expect(cells["unreadable"] == (names + ["process_descriptors"]).joined(separator: " "))
            #expect(cells["process_resident_bytes_per_tunnel"] == "")
            #expect(cells["process_threads"] == "1")
        }
    }

    @Test func `a process that ends meanwhile is not charged with less`() throws {
        let origin = FaultyProxy.echo(.none)
        defer { origin.stop() }
        let (one, other) = (try Peer(["sleep", "1h"]), try Peer(["sleep", "1h"]))
        defer { one.end() }
        let folder = try Scratch()
        let files = ["--json", folder.path("a.json"), "--csv", folder.path("a.csv")]
        let arguments = [
            "echo", "--direct", "--origin", "\(origin.endpoint)", "--tunnels", "4",
            "--duration", "1s", "--pid", "\(one.number)", "--pid", "\(other.number)",
        ]
        let result = try Tool.run(arguments + files, after: 1, at: origin) { _ in other.end() }
        #expect(result.output.contains(#/\necho .* not readable .*\n/#), "\(result.output)")
        let names = [
            "process_cpu_nanoseconds", "process_resident_bytes", "process_proportional_bytes",
            "process_threads", "process_descriptors",
        ]
        let figures = try folder.figures("a.json")
        #expect(figures["unreadable"] as? [String] == names)
        let stretches = try #require(figures["stretches"] as? [[String: Any]])
        let echoed = try #require(stretches.last)
        #expect(echoed["process_cpu_nanoseconds_per_unit"] is NSNull)
        let end = try #require(echoed["after"] as? [String: Any])
        for name in names { #expect(end[name] is NSNull, "\(name)") }
        let cells = try folder.cells("a.csv")
        #expect(cells["process_cpu_us_per_unit"] == "")
        #expect(cells["process_threads"] == "")
        #expect(cells["unreadable"] == names.joined(separator: " "))
    }

    @Test func `the kernel's memory is read from its files`() {
        let reading = KernelReading(
            memory: "MemFree: 1 kB\nSlab:   300 kB\nSReclaimable: 200 kB\nSUnreclaim: 100 kB\n"
                + "KernelStack: 20 kB\nPageTables: 30 kB\nSecPageTables: 7 kB\n",
            sockets: "sockets: used 9\nTCP: inuse 4 orphan 0 tw 1 alloc 5 mem 3\nUDP: mem 8\n",
            pageSize: 4096
        )
        #expect(reading.slab == 300 << 10)
        #expect(reading.unreclaimable == 100 << 10)
        #expect(reading.total == 350 << 10)
        #expect(reading.socketBuffers == 3 * 4096)
    }

    @Test(arguments: [nil, "", "Slab:\nKernelStack: x kB\n", "TCP: inuse 4 mem"])
    func `what the kernel doesn't say is not taken for zero`(text: String?) {
        let reading = KernelReading(memory: text, sockets: text, pageSize: 4096)
        #expect(reading == KernelReading(memory: nil, sockets: nil, pageSize: 4096))
        #expect(reading.total == nil && reading.slab == nil && reading.socketBuffers == nil)
    }

    @Test func `the kernel's memory can be read here`() {
        let reading = KernelReading.now()
        #expect(reading.total ?? 0 > 0)
        #expect(reading.socketBuffers != nil)
    }
}
