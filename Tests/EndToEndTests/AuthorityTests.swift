import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Authorities by which clients have got past the rules of other proxies.
    @Suite struct Authorities {
        /// Ports that aren't, after a host that is.
        private static let ports = [
            "", ":", ":0", ":00", ":0443", ":65536", ":99999", ":4294967739", ":+443", ":-443",
            ": 443", ":443 ", ":0x1bb", ":https", ":443:443", ":4\u{ff14}3", ":443.0", ":443/",
            ":443?", ":443#", ":443%00",
        ]

        /// Hosts that are neither a name nor an address, whoever reads them.
        static let hosts = [
            "", ".", "..", "a..test", ".a.test", "a.test..", "a.-test", "a.test-", "a,b.test",
            "a%2etest", "user@a.test", "user:secret@a.test", "http://a.test", "a.test/x",
            "b\u{fc}cher.test", "a\u{3002}test", "*", String(repeating: "a", count: 64) + ".test",
            String(repeating: "a.", count: 127) + "test",
            // Brackets.
            "[a.test]", "[127.0.0.1]", "[[::1]]", "[::1", "::1]", "::1", "[::1]]", "[]", "[:]",
            "[:::]", "[::1%lo]", "[::1%25lo]", "[fe80::1%25eth0]", "[::1]x", "x[::1]", "[v1.x]",
            "[::ffff:127.1]", "[::ffff:0127.0.0.1]", "[::ffff:127.0.0.1.]", "[1:2:3:4:5:6:7]",
            "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[12345::]", "[::g]",
        ]

        /// Spellings of 127.0.0.1 and its like that inet_aton(3) reads, and some that none should.
        static let oddAddresses = [
            "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0X7F.0.0.1", "017700000001",
            "0177.0.0.1", "0177.1", "127.1", "127.0.1", "127.000.000.001", "127.0.0.01",
            "127.0.0.1.", "127.0.0.1..", "127.0.0", "127.0.0.1.1", "127.0.0.256", "1.2.3.4.5",
            "127.0.0.0x1", "0", "1", "4294967295", "4294967296", "\u{ff11}27.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1", "\u{2460}27.0.0.1", "127.0.0.-1", "127.0.0.+1",
            "127..0.1", "a.0x7f", "a.1", "a.test.123",
        ]

        @Test func `what is no host and port is refused and reaches no name server`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let authorities =
                Self.ports.flatMap { ["a.test\($0)", "127.0.0.1\($0)", "[::1]\($0)"] }
                + (Self.hosts + Self.oddAddresses).map { "\($0):443" }
            for authority in authorities {
                let refused = try culvert.ask("CONNECT \(authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                refused.expect(400, "http_request_error", "\(authority.debugDescription)")
            }
            #expect(names.questions == [])
        }

        @Test(arguments: [
            "EVIL.test", "evil.test.", "eViL.TeSt.", "evil.test",
        ])
        func `all spellings of a name are one name`(host: String) throws {
            let names = try NameServer { _ in .noSuchName }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let refused = try culvert.ask(for: "\(host):443")
            refused.expect(502, "dns_error")
            #expect(Set(names.questions.map { $0.name.lowercased() }) == ["evil.test"])
            let end = try culvert.record("end")
            #expect(end["authority"] as? String == "evil.test:443")
        }

        /// In an environment that has names looked for within a domain, as resolv.conf may.
        @Test(arguments: ["intranet", "printer.local", "metadata", "a.b"])
        func `a name is asked for as it is, within no other domain`(host: String) throws {
            let names = try NameServer { _ in .noSuchName }
            let environment = ["env", "LOCALDOMAIN=corp.test", "RES_OPTIONS=ndots:5"]
            let own = [try Culvert.program, "--listen", "127.0.0.1:0", "--journal", "-"]
            let culvert = try Culvert(command: environment + own + Culvert.openFlags + names.flags)
            try culvert.ask(for: "\(host):443").expect(502, "dns_error")
            #expect(Set(names.questions.map { $0.name.lowercased() }) == [host])
        }

        /// Special addresses, with IPv4 inside of IPv6 in every form that there is.
        static let special = [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.254", "169.254.169.254", "169.254.170.2", "100.100.100.200", "172.16.0.1",
            "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170",
            "192.0.0.171", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.88.99.2", "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
            "240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]", "[::ffff:0:0]",
            "[::127.0.0.1]", "[::a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]",
            "[64:ff9b:1::1]", "[64:ff9b:1:0:0:0:8.8.8.8]", "[64:ff9b:1::7f00:1]",
            "[64:ff9b:1:8:a9:fea9:fe00:0]", "[::ffff:0:7f00:1]", "[100:0:0:1::1]", "[2001:1::1]",
            "[2001:1::2]", "[2001:1::3]", "[2001:3::1]", "[2001:4:112::1]", "[2001:20::1]",
            "[2001:30::1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
            "[2002:a9fe:a9fe::]", "[2001:0:7f00:1::]", "[2001:0:808:808::80ff:fffe]",
            "[2001:db8::1]", "[3fff::1]", "[2001:2::1]", "[2001:10::1]", "[100::1]", "[fc00::1]",
            "[fd00:ec2::254]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff02::1]", "[5f00::1]",
            "[4000::1]", "[2001:db8::5efe:127.0.0.1]", "[2600::5efe:127.0.0.1]",
            "[2600::200:5efe:a00:1]",
        ]

        @Test func `no special address is dialled unless that is allowed`() throws {
            let culvert = try Culvert(["--allow-port", "any"])
            for address in Self.special {
                let refused = try culvert.ask(for: "\(address):443")
                refused.expect(502, "destination_ip_prohibited", "\(address)")
            }
            try culvert.expectEmpty()
        }

        @Test func `no special address is dialled for a name either`() throws {
            let addresses = Self.special.map { $0.filter { $0 != "[" && $0 != "]" } }
            let names = try NameServer { question in
                let number = Int(question.name.split(separator: ".")[0]) ?? 0
                return .addresses([addresses[number]])
            }
            let culvert = try Culvert(["--allow-port", "any"] + names.flags)
            for (number, address) in addresses.enumerated() {
                let refused = try culvert.ask(for: "\(number).n.test:443")
                // What is mapped in an answer for IPv6 is IPv4.
                refused.expect(502, "destination_ip_prohibited", "\(address)")
            }
            try culvert.expectEmpty()
        }

        @Test(arguments: [
            "0.0.0.0", "[::]", "[::ffff:0.0.0.0]", "255.255.255.255", "224.0.0.1", "[ff01::1]",
            "[2002::]", "[64:ff9b::]", "240.0.0.1", "0.1.2.3", "192.0.0.1", "[fec0::1]", "[100::1]",
            "[2001:1::1]", "[::ffff:0.1.2.3]",
        ])
        func `an address of nobody is dialled for no flag`(address: String) throws {
            let culvert = try Culvert(Culvert.openFlags)
            let origin = try Origin("0.0.0.0")
            let refused = try culvert.ask(for: "\(address):\(origin.endpoint.port)")
            refused.expect(502, "destination_ip_prohibited")
            #expect(origin.hasNoVisitor)
        }

        @Test func `a forbidden address among others is not raced`() throws {
            // A connection to 0.0.0.0 would reach the same listener.
            let origin = try Origin()
            let names = try NameServer { question in
                let isFirst = question.name.lowercased() == "first.test"
                return .addresses(isFirst ? ["0.0.0.0", "127.0.0.2"] : ["0.0.0.0", "127.0.0.1"])
            }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let port = origin.endpoint.port
            try culvert.ask(for: "first.test:\(port)").expect(502, "connection_refused")
            #expect(origin.hasNoVisitor)
            let client = try Stream.tunnel(culvert, to: "second.test:\(port)")
            _ = try origin.accept()
            let open = try culvert.record("open")
            #expect(open["address"] as? String == origin.authority)
            #expect(origin.hasNoVisitor)
            client.close()
        }

        @Test func `a name is resolved once and what was judged is dialled`() throws {
            let isFirst = DispatchSemaphore(value: 0)
            isFirst.signal()
            let names = try NameServer { question in
                guard !question.isAAAA else { return .addresses([]) }
                return .addresses([
                    isFirst.wait(timeout: .now()) == .success ? "127.0.0.1" : "0.0.0.0"
                ])
            }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let origin = try Origin.echo()
            let authority = "flip.test:\(origin.endpoint.port)"
            let client = try Stream.tunnel(culvert, to: authority, early: [1])
            #expect(try client.receive(exactly: 1) == [1])
            // The resolver may repeat a question, but only under its number.
            #expect(Set(names.questions).count == 2)
            // The answer says that it is not to be kept: the next one is judged anew.
            try culvert.ask(for: authority).expect(502, "destination_ip_prohibited")
        }

        @Test func `what has no route is a 502 at once`() throws {
            // From a loopback address nothing else can be reached.
            let culvert = try Culvert(Culvert.openFlags + ["--bind", "127.0.0.1"])
            let refused = try culvert.ask(for: "10.255.255.1:443")
            refused.expect(502, "destination_ip_unroutable")
            try culvert.expectEmpty()
        }
    }
}
