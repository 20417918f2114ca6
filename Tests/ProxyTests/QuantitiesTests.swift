import Proxy
import Testing

@Suite struct QuantitiesTests {
    @Test(
        arguments: [
            ("250ms", 250_000_000), ("30s", 30_000_000_000), ("5m", 300_000_000_000),
            ("1h", 3_600_000_000_000), ("0s", 0), ("0ms", 0),
        ] as [(String, UInt64)]
    )
    func `a duration is a whole number with a unit`(text: String, nanoseconds: UInt64) {
        #expect(Quantities.nanoseconds(text) == nanoseconds)
    }

    @Test(arguments: [
        "", "30", "s", "ms", "-1s", "+1s", "1.5s", "1 s", " 1s", "1S", "1d", "1e3s", "1h30m",
        "5124096h", "99999999999999999999s", "٣s",
    ])
    func `what is not a duration is refused`(text: String) {
        #expect(Quantities.nanoseconds(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (250_000_000, "250ms"), (1_000_000_000, "1s"), (90_000_000_000, "90s"),
            (600_000_000_000, "10m"), (7_200_000_000_000, "2h"), (1, "1ns"),
        ] as [(UInt64, String)]
    )
    func `a duration is shown in its greatest unit`(nanoseconds: UInt64, text: String) {
        #expect(Quantities.text(nanoseconds: nanoseconds) == text)
    }

    @Test(arguments: [
        ("0", 0), ("1500", 1500), ("1500B", 1500), ("64KiB", 65536), ("1MiB", 1_048_576),
        ("2GiB", 2_147_483_648),
    ])
    func `a size is a number of bytes or has a unit`(text: String, bytes: Int) {
        #expect(Quantities.bytes(text) == bytes)
    }

    @Test(arguments: [
        "", "KiB", "64K", "64KB", "64kib", "-1", "1.5MiB", "64 KiB", "8589934592GiB",
        "18446744073709551615",
    ])
    func `what is not a size is refused`(text: String) {
        #expect(Quantities.bytes(text) == nil)
    }

    @Test(arguments: [
        (0, "0B"), (1500, "1500B"), (65536, "64KiB"), (1_048_576, "1MiB"), (1 << 31, "2GiB"),
    ])
    func `a size is shown in its greatest unit`(bytes: Int, text: String) {
        #expect(Quantities.text(bytes: bytes) == text)
    }

    @Test(arguments: [
        ("0", [0]), ("0,2-3", [0, 2, 3]), ("3,1", [3, 1]), ("5-5", [5]),
    ])
    func `a list of CPUs has numbers and ranges`(text: String, cpus: [Int]) {
        #expect(Quantities.cpus(text) == cpus)
    }

    @Test(arguments: ["", ",", "0,", "a", "3-1", "0-1-2", "-1", "0,0", "0-2,1", "0-9999999999"])
    func `what is not a list of CPUs is refused`(text: String) {
        #expect(Quantities.cpus(text) == nil)
    }

    @Test(arguments: [([0], "0"), ([0, 1, 2, 4], "0-2,4"), ([3, 1], "3,1"), ([], "")])
    func `a list of CPUs is shown with ranges`(cpus: [Int], text: String) {
        #expect(Quantities.text(cpus: cpus) == text)
    }

    @Test(
        arguments: [
            ("443", 443...443), ("8000-8999", 8000...8999), ("any", 1...65535),
            ("1-65535", 1...65535),
        ] as [(String, ClosedRange<UInt16>)]
    )
    func `ports are one, a range, or any`(text: String, ports: ClosedRange<UInt16>) {
        #expect(Quantities.ports(text) == ports)
    }

    @Test(arguments: ["", "0", "0-10", "65536", "1-65536", "9-1", "443,444", "Any", "https", "-"])
    func `what is not a range of ports is refused`(text: String) {
        #expect(Quantities.ports(text) == nil)
    }

    @Test(
        arguments: [
            (443...443, "443"), (8000...8999, "8000-8999"), (1...65535, "any"),
        ] as [(ClosedRange<UInt16>, String)]
    )
    func `ports are shown as they are read`(ports: ClosedRange<UInt16>, text: String) {
        #expect(Quantities.text(ports: ports) == text)
    }
}
