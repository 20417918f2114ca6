import Internet
import Testing

@Suite struct ByteSinkTests {
    @Test(
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (65535, "65535"), (UInt64.max, "18446744073709551615"),
        ] as [(UInt64, String)]
    )
    func `numbers are written in decimal`(_ value: UInt64, _ text: String) {
        var bytes: [UInt8] = []
        bytes.append(decimal: value)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [(0, "0"), (0xf, "f"), (0x10, "10"), (0xabc, "abc"), (0xffff, "ffff")])
    func `groups are written in hexadecimal`(_ value: Int, _ text: String) {
        var bytes: [UInt8] = []
        bytes.append(hexadecimal: UInt16(value))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `text is written as it is`() {
        var bytes: [UInt8] = [0x3e]
        bytes.append("a\r\n")
        #expect(bytes == [0x3e, 0x61, 0x0d, 0x0a])
    }
}
