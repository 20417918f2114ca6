import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// What a culvert without a flag refuses, though all of it could be reached.
    @Suite struct SafeDefaults {
        /// A request that is refused, and how.
        struct Request {
            let authority: String
            let status: Int
            let word: String
            let detail: String

            static func port(_ authority: String) -> Request {
                Request(
                    authority: authority,
                    status: 403,
                    word: "http_request_denied",
                    detail: "this port is not allowed; ask the operator to allow it"
                )
            }

            static func address(_ authority: String) -> Request {
                Request(
                    authority: authority,
                    status: 502,
                    word: "destination_ip_prohibited",
                    detail: "the target is not a public address; the operator can allow it"
                )
            }

            static func noHost(_ authority: String) -> Request {
                Request(
                    authority: authority,
                    status: 502,
                    word: "destination_ip_prohibited",
                    detail: "the target's address is none of a host that can be dialled"
                )
            }

            static func malformed(_ authority: String) -> Request {
                Request(
                    authority: authority,
                    status: 400,
                    word: "http_request_error",
                    detail: "the target must be host:port, IPv6 as [address]:port"
                )
            }

            static func loop(_ authority: String) -> Request {
                Request(
                    authority: authority,
                    status: 502,
                    word: "proxy_loop_detected",
                    detail: "the target is this proxy itself; name another one"
                )
            }
        }

        /// Addresses of this machine that are not public.
        private static let reachable = [
            "127.0.0.1", "127.9.9.9", "::1", Namespace.private4, Namespace.linkLocal4,
            Namespace.private6, Namespace.translated6,
        ]

        private static let refused: [Request] =
            [
                .port("\(Namespace.public4):80"), .port("[\(Namespace.public6)]:80"),
                .port("public.test:80"), .port("127.0.0.1:3128"), .port("127.0.0.1:22"),
            ]
            + reachable.map { .address($0.contains(":") ? "[\($0)]:443" : "\($0):443") }
            + [
                .address("[::ffff:127.0.0.1]:443"), .address("[::ffff:10.0.0.1]:443"),
                .address("[::127.0.0.1]:443"), .address("[2002:7f00:1::]:443"),
                .address("[2001:db8:0:0:0:5efe:7f00:1]:443"), .noHost("0.0.0.0:443"),
                .noHost("[::]:443"), .address("192.168.1.1:443"), .address("172.31.255.255:443"),
                .address("100.64.0.1:443"), .noHost("255.255.255.255:443"),
                .noHost("224.0.0.1:443"), .address("[fe80::1]:443"), .noHost("[ff02::1]:443"),
                .address("localhost:443"), .address("LOCALHOST.:443"),
                .address("private.test:443"), .address("metadata.test:443"),
                .malformed("127.1:443"), .malformed("2130706433:443"), .malformed("0x7f.0.0.1:443"),
                .malformed("0177.0.0.1:443"), .malformed("[::1%25lo]:443"),
            ]

        private static let hosts = [
            "\(Namespace.public4) public.test", "\(Namespace.private4) private.test",
            "\(Namespace.linkLocal4) metadata.test",
        ]

        /// Asks for each, and expects that it is refused as it should be.
        private func expect(
            _ requests: [Request],
            of culvert: Culvert,
            in namespace: Namespace
        ) throws {
            for request in requests {
                let records = culvert.journal.all.count
                let stream = try namespace.inside { try Stream(to: culvert.endpoint) }
                let authority = request.authority
                try stream.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
                let head = try stream.receiveHead()
                let body = String(decoding: try stream.receiveToEnd().bytes, as: UTF8.self)
                stream.close()
                #expect(head.hasPrefix("HTTP/1.1 \(request.status) "), "\(authority): \(head)")
                let status = head.split(separator: "\r\n").filter { $0.hasPrefix("Proxy-Status: ") }
                let words = "; error=\(request.word); details=\"\(request.detail)\""
                #expect(status.count == 1 && status[0].hasSuffix(words), "\(authority): \(head)")
                #expect(body == "\(request.status) \(request.word): \(request.detail)\n")
                let end = try culvert.record("end", from: records)
                #expect(end["status"] as? Int == request.status)
                #expect(end["reason"] as? String == request.word, "\(authority)")
                #expect(end["detail"] as? String == request.detail)
                #expect(end["ended_by"] as? String == "proxy")
                #expect(end["address"] is NSNull, "\(authority) was dialled")
            }
        }

        @Test func `only public addresses and port 443 are dialled`() throws {
            let namespace = try Namespace(hosts: Self.hosts)
            let (https, http) = try namespace.inside {
                (try Origin("::", port: 443), try Origin("::", port: 80))
            }
            let culvert = try Culvert([], listen: "127.0.0.1:3128", in: namespace)
            try expect(Self.refused, of: culvert, in: namespace)
            // Had anything been dialled, it would stand before these in the listeners' queues.
            for authority in ["\(Namespace.public4):443", "public.test:443"] {
                let tunnel = try namespace.inside { try Stream.tunnel(culvert, to: authority) }
                let mark = ClientHello("curl").bytes
                try tunnel.send(mark)
                #expect(try https.accept().receive(exactly: mark.count) == mark)
            }
            for address in Self.reachable {
                for (origin, port) in [(https, UInt16(443)), (http, 80)] {
                    let target = Endpoint(try #require(Address(address)), port: port)
                    let stream = try namespace.inside { try Stream(to: target) }
                    try stream.send(address)
                    let text = try origin.accept().receive(exactly: address.utf8.count)
                    #expect(text == Array(address.utf8))
                }
            }
        }

        @Test(arguments: [["--allow-port", "any"], Culvert.openFlags])
        func `its listener is refused by every spelling and name`(flags: [String]) throws {
            let namespace = try Namespace(hosts: ["127.0.0.1 self.test"])
            let culvert = try Culvert(flags, listen: "127.0.0.1:3128", in: namespace)
            let spellings = ["127.0.0.1", "[::ffff:127.0.0.1]", "self.test", "SELF.test."]
            let requests = spellings.map { Request.loop("\($0):3128") }
            try expect(requests, of: culvert, in: namespace)
        }

        @Test func `a listener on every address is refused at every address of the machine`()
            throws
        {
            let hosts = Self.hosts + ["127.0.0.1 both.test", "::1 both.test"]
            let namespace = try Namespace(hosts: hosts)
            let flags = ["--listen", "[::]:443"]
            let spellings = ["0.0.0.0", "[::]", Namespace.public4, "[\(Namespace.public6)]"]
            let ours = (spellings + ["public.test"]).map { Request.loop("\($0):443") }
            let safe = try Culvert(flags, listen: "0.0.0.0:443", in: namespace)
            try expect(ours, of: safe, in: namespace)
            #expect(safe.stop() == 0)
            let open = try Culvert(
                flags + ["--allow-private"],
                listen: "0.0.0.0:443",
                in: namespace
            )
            try expect(ours, of: open, in: namespace)
            let more =
                Self.reachable.map { $0.contains(":") ? "[\($0)]" : $0 }
                + ["private.test", "metadata.test", "both.test", "localhost"]
            try expect(more.map { .loop("\($0):443") }, of: open, in: namespace)
        }

        @Test func `other machines are none of its own, be it that it may bind to any address`()
            throws
        {
            let namespace = try Namespace()
            try namespace.run(["sysctl", "-w", "net.ipv4.ip_nonlocal_bind=1"])
            let culvert = try Culvert(
                Culvert.openFlags,
                listen: "0.0.0.0:443",
                in: namespace
            )
            try expect([.loop("\(Namespace.private4):443")], of: culvert, in: namespace)
            // There is no way to this one.
            let stream = try namespace.inside { try Stream(to: culvert.endpoint) }
            try stream.send("CONNECT 10.9.9.9:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            try Refused(from: stream).expect(502, "destination_ip_unroutable")
        }
    }
}
