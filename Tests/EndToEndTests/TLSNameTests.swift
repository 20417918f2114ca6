import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// The server names of tunnels that must be TLS, and hellos that hide theirs.
    @Suite struct TLSNames {
        /// A request for `host`, the flags, and the reason by which it ends; none if it passes.
        struct Case: CustomTestStringConvertible {
            let host: String
            let hello: [UInt8]
            let flags: [String]
            let reason: String?
            let testDescription: String

            /// The client of the captured hello, whose server name is tls.example.
            init(_ host: String, _ client: String, _ flags: [String], _ reason: String?) {
                self.init(host, ClientHello(client).bytes, client, flags, reason)
            }

            init(
                _ host: String,
                _ hello: [UInt8],
                _ name: String,
                _ flags: [String],
                _ reason: String?
            ) {
                self.host = host
                self.hello = hello
                self.flags = flags
                self.reason = reason
                testDescription = "\(host) \(name) \(flags.joined(separator: " "))"
            }
        }

        private static let match = ["--tls-sni", "match"]
        private static let deny = ["--tls-ech", "deny"]
        private static let nameless = match + ["--tls-sni-missing", "allow"]
        private static let mismatch = "tls-sni-mismatch"

        /// The hello of curl with another server name of as many bytes.
        private static func hello(naming name: String) -> [UInt8] {
            let old = Array("tls.example".utf8)
            var bytes = ClientHello("curl").bytes
            precondition(name.utf8.count == old.count)
            for start in 0..<bytes.count - old.count
            where bytes[start..<start + old.count].elementsEqual(old) {
                bytes.replaceSubrange(start..<start + old.count, with: name.utf8)
            }
            return bytes
        }

        /// The hello of curl with the type of its extension for the server name changed.
        static let unnamed: [UInt8] = {
            var bytes = ClientHello("curl").bytes
            let start: [UInt8] = [0, 0, 0, 16, 0, 14, 0, 0, 11]
            for index in 0..<bytes.count - start.count
            where bytes[index..<index + start.count].elementsEqual(start) {
                bytes[index] = 0x7a
                bytes[index + 1] = 0x7a
            }
            return bytes
        }()

        static let cases: [Case] = [
            Case("tls.example", "curl", match, nil),
            Case("TLS.Example.", "chromium", match, nil),
            Case("other.example", "curl", [], nil),
            // Fronting.
            Case("other.example", "curl", match, mismatch),
            Case("a.tls.example", "go", match, mismatch),
            Case("example", "java", match, mismatch),
            Case("tls.example", hello(naming: "TLS.ExAmPlE"), "TLS.ExAmPlE", match, nil),
            Case("tls.example", hello(naming: "a.b.example"), "a.b.example", match, mismatch),
            Case("tls.example", hello(naming: "192.168.1.1"), "192.168.1.1", match, "not-tls"),
            Case("tls.example", hello(naming: "192.168.1.1"), "192.168.1.1", [], "not-tls"),
            Case("tls.example", hello(naming: "tls\u{0}example"), "a zero", match, "not-tls"),
            Case("tls.example", unnamed, "no name", match, "tls-sni-missing"),
            Case("tls.example", unnamed, "no name", nameless, nil),
            Case("other.example", "curl", nameless, mismatch),
            Case("tls.example", unnamed, "no name", [], nil),
            // There is no name to send for an address.
            Case("127.0.0.1", unnamed, "no name", match, nil),
            Case("127.0.0.1", "curl", match, mismatch),
            Case("other.example", "curl", match + ["--tls-sni-allow", "TLS.example."], nil),
            Case("other.example", "curl", match + ["--tls-sni-allow", "*.example"], nil),
            Case("other.example", "curl", match + ["--tls-sni-allow", "*.tls.example"], mismatch),
            Case("127.0.0.1", "curl", match + ["--tls-sni-allow", "*.example"], nil),
            Case("tls.example", hello(naming: "2001:db8::1"), "2001:db8::1", match, "not-tls"),
            Case("tls.example", hello(naming: "00127.0.0.1"), "00127.0.0.1", match, "not-tls"),
            // A hidden name may be anything; the one that can be seen is held against the request.
            Case("other.example", "chromium", match, mismatch),
            Case("tls.example", "chromium", deny, "tls-ech-refused"),
            Case("other.example", "chromium", match + deny, "tls-ech-refused"),
            Case("tls.example", "curl", match + deny, nil),
        ]

        @Test(arguments: cases)
        func `a hello passes or doesn't by its name and what it hides`(_ test: Case) throws {
            let folder = try Folder()
            let names = ["tls.example", "other.example", "a.tls.example", "example"]
            let hosts = names.map { "127.0.0.1 \($0)\n" }.joined()
            try folder.write("hosts", Data(hosts.utf8))
            let more = ["--tls-ports", "any", "--hosts-file", folder.path("hosts")]
            let culvert = try Culvert(Culvert.openFlags + more + test.flags)
            let origin = try Origin()
            let authority = "\(test.host):\(origin.endpoint.port)"
            let client = try Stream.tunnel(culvert, to: authority)
            let upstream = try origin.accept()
            try client.send(test.hello)
            guard let reason = test.reason else {
                #expect(try upstream.receive(exactly: test.hello.count) == test.hello)
                return
            }
            #expect(try client.receiveToEnd().end == .reset)
            #expect(try upstream.receiveToEnd().bytes == [])
            let end = try culvert.record("end")
            #expect(end["reason"] as? String == reason && end["status"] as? Int == 200)
            #expect(end["ended_by"] as? String == "proxy")
            #expect(try culvert.status()[reason.replacing("-", with: "_")] == 1)
        }
    }
}
