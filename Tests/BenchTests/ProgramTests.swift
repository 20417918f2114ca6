import Foundation
import Testing

/// The program as its users meet it.
@Suite struct ProgramTests {
    @Test func `a clean run exits with 0 and prints its table`() throws {
        let result = try Tool.run(["verify", "--direct", "--tunnels", "20"])
        #expect(result.status == 0)
        #expect(result.output.contains("20 tunnels"))
        #expect(result.output.contains("p99.9"))
        #expect(result.output.contains("failures: none"))
        #expect(result.errors == "")
    }

    @Test func `a failure exits with 1 and is printed`() throws {
        let proxy = FaultyProxy.proxy(.refuses)
        defer { proxy.stop() }
        let arguments = ["rate", "--proxy", "\(proxy.endpoint)", "--count", "7"]
        let result = try Tool.run(arguments)
        #expect(result.status == 1)
        #expect(result.output.contains("7 x client, asking: refused by the proxy: 403"))
        #expect(result.output.contains(#/status 403 +7\n/#))
        #expect(result.output.contains(#/error=http_request_denied +7\n/#))
    }

    @Test(
        arguments: [
            (["verify", "--tunnels", "0"], "'0'", "'--tunnels <count>'", "from 1 to 10000000"),
            (["echo", "--duration", "5"], "'5'", "'--duration <duration>'", "250ms, 30s, 5m"),
            (["rate", "--size", "0"], "'0'", "'--size <size>'", "from 1B to 1GiB"),
            (["hold", "--source", "x"], "'x'", "'--source <address>'", "FIRST-LAST"),
            (["hold", "--pid", "me"], "'me'", "'--pid <number>'", "number of a process"),
            (
                ["bulk", "--direction", "in"], "'in'", "'--direction <direction>'",
                "up, down or both"
            ),
            (["hold", "--seed", "-"], "'-'", "'--seed <number>'", "64 bits"),
            (["hold", "--proxy", "a"], "'a'", "'--proxy <host:port>'", "HOST:PORT"),
            (["hold", "--workers", "1", "--tunnels", "9999999"], "'1'", "'--workers'", "need at"),
            (
                ["hold", "--proxy", "127.0.0.1:1", "--credentials", "me"], "'me'",
                "'--credentials <user:password>'", "USER:PASSWORD"
            ),
            (["hold", "--credentials", "a:b"], "nobody", "'--credentials'", "for '--proxy'"),
            (
                ["mix", "--mix", "short=60,idle=30"], "'short=60,idle=30'", "'--mix <shares>'",
                "together 100"
            ),
            (["mix", "--mix", "long=100"], "'long=100'", "'--mix <shares>'", "short, chatty"),
            (["mix", "--think", "2s-10ms"], "'2s-10ms'", "'--think <range>'", "lesser first"),
            (["mix", "--size", "0"], "'0'", "'--size <range>'", "from 1B to 1GiB"),
            (["mix", "--messages", "2-"], "'2-'", "'--messages <range>'", "2-50"),
            (
                ["hostile", "--proxy", "127.0.0.1:1", "--kinds", "silent,loud"], "'silent,loud'",
                "'--kinds <kinds>'", "slow-head"
            ),
            (
                ["rate", "--count", "5", "--duration", "1s"], "'--count 5'", "'--duration'",
                "have ended"
            ),
            (["mix", "--count", "5", "--warmup", "0"], "'--count 5'", "'--warmup'", "have ended"),
            (
                ["hold", "--origin", "127.0.0.1:7", "--origin-workers", "2"], "'2'",
                "'--origin-workers'", "leaves out"
            ),
            (["hold", "--json", "/nowhere/a"], "'/nowhere/a'", "'--json'", "can't be written"),
            (["hold", "--csv", "/nowhere/a"], "'/nowhere/a'", "'--csv'", "can't be written"),
            (["hold", "--html", "/nowhere/a"], "'/nowhere/a'", "'--html'", "can't be written"),
        ] as [([String], String, String, String)]
    )
    func `a flag that is wrong is told with its value and what is allowed`(
        arguments: [String],
        value: String,
        flag: String,
        allowed: String
    ) throws {
        let route = arguments.contains("--proxy") ? [] : ["--direct"]
        let result = try Tool.run(arguments + route)
        #expect(result.status == 64)
        #expect(result.errors.contains(value))
        #expect(result.errors.contains(flag))
        #expect(result.errors.contains(allowed))
    }

    @Test(arguments: [[], ["--direct", "--proxy", "127.0.0.1:1"]])
    func `one way to the origin is asked for`(arguments: [String]) throws {
        let result = try Tool.run(["hold"] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains("'--proxy HOST:PORT', '--relay HOST:PORT' and '--direct'"))
    }

    @Test func `an interrupt prints what was measured so far`() throws {
        let result = try Tool.runUntilInterrupted()
        #expect(result.status == 130)
        #expect(result.output.contains("INTERRUPTED"))
        #expect(result.output.contains("messages"))
        #expect(result.output.contains("failures: none"))
    }

    @Test func `a mix tells what each kind got`() throws {
        let result = try Tool.run([
            "mix", "--direct", "--count", "40", "--mix", "short=50,chatty=50", "--think", "1ms",
            "--messages", "3", "--size", "1KiB-2KiB",
        ])
        #expect(result.status == 0)
        #expect(result.output.contains("short message"))
        #expect(result.output.contains("chatty tunnel"))
        #expect(!result.output.contains("bulk"))
    }

    @Test func `an open loop tells how it kept to its schedule`() throws {
        let arguments = ["echo", "--direct", "--rate", "500", "--duration", "200ms"]
        let result = try Tool.run(arguments)
        #expect(result.status == 0)
        #expect(result.output.contains("schedule: 500 due a second, "))
        #expect(result.output.contains("in line when the measured time was over"))
        #expect(result.output.contains("late start"))
    }
}
