import Connect
import Internet
import Testing

@Suite struct BasicCredentialsTests {
    private func read(_ value: String) -> (user: String, password: String)? {
        let text = "x\(value)y"
        let range = 1..<text.utf8.count - 1
        var sink = Sink()
        guard
            let credentials = BasicCredentials(parsing: text.utf8.span, in: range, into: &sink)
        else { return nil }
        #expect(sink.bytes.count == credentials.byteCount)
        #expect(sink.bytes[credentials.userByteCount] == UInt8(ascii: ":"))
        return (
            String(decoding: sink.bytes[..<credentials.userByteCount], as: UTF8.self),
            String(decoding: sink.bytes[(credentials.userByteCount + 1)...], as: UTF8.self)
        )
    }

    private struct Sink: ByteSink {
        var bytes: [UInt8] = []

        mutating func append(_ byte: UInt8) { bytes.append(byte) }
    }

    @Test(arguments: [
        // RFC 7617 sections 2 and 2.1.
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
        ("Basic dGVzdDoxMjPCow==", "test", "123£"),
        ("bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin", "open sesame"),
        ("Basic YTo=", "a", ""),
        ("Basic YTpiOmM=", "a", "b:c"),
        ("Basic Pz8/Pj4+Oj8/Pz4+Pg==", "???>>>", "???>>>"),
    ])
    func `user and password are what was encoded`(value: String, user: String, password: String) {
        let found = read(value)
        #expect(found?.user == user)
        #expect(found?.password == password)
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic:YTpi", "Bearer YTpi", "Basi YTpi", "YTpi",
        "Basic YTpi YTpi", "Basic YTpi,", "Basic YT=pi", "Basic YTp=", "Basic YTpi====",
        "Basic YTpi=", "Basic YTo==", "Basic YTp", "Basic Y", "Basic YTpj-_", "Basic YWI=",
        // A user without a name, and control characters.
        "Basic OmE=", "Basic YTpiAA==", "Basic YTpiCg==", "Basic YX86Yg==",
    ])
    func `anything else is no credentials`(value: String) {
        #expect(read(value) == nil, "\(value)")
    }

    @Test func `more than 512 bytes are no credentials`() {
        // 4 digits are 3 bytes: "a:" and many of the letter 'b', here as 'YmJi'.
        let most = "Basic YTpi" + String(repeating: "YmJi", count: 169) + "YmI="
        #expect(read(most)?.password.utf8.count == 510)
        #expect(read("Basic YTpi" + String(repeating: "YmJi", count: 170)) == nil)
    }
}
