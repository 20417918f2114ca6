import Internet
import Testing

@Suite struct AddressTests {
    @Test(
        arguments: [
            ("0.0.0.0", 0), ("127.0.0.1", 0x7f00_0001), ("255.255.255.255", 0xffff_ffff),
            ("1.2.3.4", 0x0102_0304), ("192.168.10.200", 0xc0a8_0ac8),
        ] as [(String, UInt32)]
    )
    func `four decimal octets are an IPv4 address`(_ text: String, _ bits: UInt32) {
        #expect(Address(text) == Address(v4: bits))
        #expect(Address(text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.", "1.2.3.4.5", "1..3.4", "256.1.1.1",
        "1.2.3.999", "01.2.3.4", "1.2.3.00", "127.1", "2130706433", "0177.0.0.1", "0x7f.1",
        "0x7f.0.0.1", "0x7f000001", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "1.2.3.-4", "1,2,3,4",
        "１２７.0.0.1", "127.0.0.1%lo", "1.2.3.4/8", "4294967296.0.0.1", "1.2.3.4\n",
    ])
    func `every other spelling of IPv4 is refused`(_ text: String) {
        #expect(Address(text) == nil)
    }

    @Test(
        arguments: [
            ("::", 0, 0, "::"), ("::1", 0, 1, "::1"),
            ("1::", 0x0001_0000_0000_0000, 0, "1::"),
            ("2001:db8::1", 0x2001_0db8_0000_0000, 1, "2001:db8::1"),
            (
                "2001:DB8:0:0:8:800:200C:417A", 0x2001_0db8_0000_0000, 0x0008_0800_200c_417a,
                "2001:db8::8:800:200c:417a"
            ),
            ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008, "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000, "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008, "0:2:3:4:5:6:7:8"),
            ("1:0:0:2:0:0:0:3", 0x0001_0000_0000_0002, 0x0000_0000_0000_0003, "1:0:0:2::3"),
            ("1:0:0:2:3:0:0:4", 0x0001_0000_0000_0002, 0x0003_0000_0000_0004, "1::2:3:0:0:4"),
            ("::ffff:1.2.3.4", 0, 0x0000_ffff_0102_0304, "::ffff:1.2.3.4"),
            ("::ffff:a9fe:a9fe", 0, 0x0000_ffff_a9fe_a9fe, "::ffff:169.254.169.254"),
            ("::127.0.0.1", 0, 0x7f00_0001, "::7f00:1"),
            ("64:ff9b::10.0.0.1", 0x0064_ff9b_0000_0000, 0x0a00_0001, "64:ff9b::a00:1"),
            (
                "1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004, 0x0005_0006_0102_0304,
                "1:2:3:4:5:6:102:304"
            ),
            ("0000::0001", 0, 1, "::1"), ("fe80::", 0xfe80_0000_0000_0000, 0, "fe80::"),
            ("ff02::fb", 0xff02_0000_0000_0000, 0xfb, "ff02::fb"),
        ] as [(String, UInt64, UInt64, String)]
    )
    func `IPv6 is read by RFC 4291 and written by RFC 5952`(
        _ text: String,
        _ high: UInt64,
        _ low: UInt64,
        _ canonical: String
    ) {
        let address = Address(text)
        #expect(address == Address(v6: high, low))
        #expect(address?.description == canonical)
        #expect(Address(canonical) == address)
    }

    @Test(arguments: [
        ":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "12345::", "::00001", "::g",
        "fe80::1%eth0", "fe80::1%25eth0", "[::1]", "::1.2.3", "::1.2.3.4.5", "::01.2.3.4",
        "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1/128", " ::1", "::1 ", ":1:2::",
        "1::2:", "::ffff:256.1.1.1", "0x1::", "::-1",
    ])
    func `malformed IPv6 is refused`(_ text: String) {
        #expect(Address(text) == nil)
    }

    @Test func `only a mapped address is unmapped`() {
        #expect(Address("::ffff:1.2.3.4")?.unmapped == Address("1.2.3.4"))
        for text in ["::1.2.3.4", "1::ffff:1.2.3.4", "::fffe:1.2.3.4", "1.2.3.4", "::"] {
            #expect(Address(text)?.unmapped == Address(text))
        }
    }

    @Test func `an address is read from the middle of bytes`() {
        let bytes = Array("x1.2.3.4y".utf8)
        #expect(Address(parsing: bytes.span, in: 1..<8) == Address(v4: 0x0102_0304))
        #expect(Address(parsing: bytes.span, in: 1..<9) == nil)
        #expect(Address(parsing: bytes.span, in: 3..<3) == nil)
    }

    @Test func `written addresses read back equal`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            // Masking whole groups makes runs of zeros likely.
            var mask: (UInt64, UInt64) = (0, 0)
            for _ in 0..<4 {
                if Bool.random(using: &generator) { mask.0 |= 0xffff }
                if Bool.random(using: &generator) { mask.1 |= 0xffff }
                mask = (mask.0 << 16 | mask.0 >> 48, mask.1 << 16 | mask.1 >> 48)
            }
            let high = UInt64.random(in: 0...UInt64.max, using: &generator) & mask.0
            let low = UInt64.random(in: 0...UInt64.max, using: &generator) & mask.1
            let address = Address(v6: high, low)
            #expect(Address(address.description) == address)
            let short = Address(v4: UInt32(truncatingIfNeeded: low))
            #expect(Address(short.description) == short)
        }
    }
}
