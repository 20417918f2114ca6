import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// From a name to the address that is dialled.
    @Suite struct Names {
        /// The whole answer to a CONNECT that is refused.
        private func refusal(of authority: String, by culvert: Culvert) throws -> String {
            let stream = try Stream(to: culvert.endpoint)
            try stream.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
            return String(decoding: try stream.receiveToEnd().bytes, as: UTF8.self)
        }

        /// Where a tunnel to `authority` leads, by the journal; its bytes have to come back.
        private func address(of authority: String, by culvert: Culvert) throws -> String? {
            let tunnel = try Stream.tunnel(culvert, to: authority, early: [7])
            #expect(try tunnel.receive(exactly: 1) == [7])
            let open = try culvert.record("open") { $0["authority"] as? String == authority }
            return open["address"] as? String
        }

        // MARK: Finding

        @Test func `the hosts file is looked at first, and its name in any case`() throws {
            let names = try NameServer { _ in .noSuchName }
            let origin = try Origin.echo()
            let folder = try Folder()
            try folder.write("hosts", Data("127.0.0.1 one.test Two.Test # three.test\n".utf8))
            let flags = [
                "--name-server", "\(names.endpoint)", "--hosts-file", folder.path("hosts"),
            ]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let port = origin.endpoint.port
            for name in ["one.test", "two.test"] {
                #expect(try address(of: "\(name):\(port)", by: culvert) == origin.authority)
            }
            let tunnel = try Stream.tunnel(culvert, to: "TWO.test.:\(port)", early: [7])
            #expect(try tunnel.receive(exactly: 1) == [7])
            #expect(names.questions == [])
            let answer = try refusal(of: "three.test:\(port)", by: culvert)
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
            #expect(Set(names.questions.map(\.name)) == ["three.test"])
        }

        @Test(arguments: [
            (NameServer.Answer.noSuchName, Optional("NXDOMAIN"), "the name does not exist"),
            (.addresses([]), "NOERROR", "the name has no address"),
            (.serverFailure, nil, "the name servers failed"),
            (.code(5), nil, "the name servers failed"),
        ])
        func `a name without an address is a 502 with the code of the answer`(
            answer: NameServer.Answer,
            code: String?,
            detail: String
        ) throws {
            let names = try NameServer { _ in answer }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let text = try refusal(of: "absent.test:443", by: culvert)
            #expect(text.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
            #expect(text.contains("; error=dns_error; details=\"\(detail)"))
            // c-ares keeps to itself with which code a server failed.
            #expect(text.contains(code.map { "\"; rcode=\"\($0)\"\r\n" } ?? "\"\r\n"))
            #expect(text.contains("rcode") == (code != nil))
            #expect(text.contains("\r\n\r\n502 dns_error: \(detail)"))
            let end = try culvert.end(of: "absent.test:443")
            #expect(end["reason"] as? String == "dns_error")
            #expect(end["status"] as? Int == 502)
        }

        @Test(arguments: [true, false])
        func `that one family has no address doesn't hide that the other's can't be found out`(
            failsForAAAA: Bool
        ) throws {
            let names = try NameServer { question in
                question.isAAAA == failsForAAAA ? .serverFailure : .addresses([])
            }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let text = try refusal(of: "half.test:443", by: culvert)
            #expect(text.contains("; error=dns_error; details=\"the name servers failed"))
        }

        @Test func `a name server that never answers is a 504 when the time is over`() throws {
            let names = try NameServer { _ in .silence }
            let flags = ["--resolve-timeout", "300ms"]
            let culvert = try Culvert(Culvert.openFlags + names.flags + flags)
            let text = try refusal(of: "silent.test:443", by: culvert)
            #expect(text.hasPrefix("HTTP/1.1 504 Gateway Timeout\r\n"))
            #expect(text.contains("; error=dns_timeout; "))
            let end = try culvert.end(of: "silent.test:443")
            #expect(end["reason"] as? String == "dns_timeout")
            // Far less than the resolver itself would take to give up.
            #expect((300_000..<5_000_000).contains(try #require(end["duration_us"] as? Int)))
            #expect(Set(names.questions.map(\.isAAAA)) == [true, false])
        }

        @Test func `fifty tunnels that wait for one name ask once`() throws {
            let isAsked = DispatchSemaphore(value: 0)
            let mayAnswer = DispatchSemaphore(value: 0)
            let names = try NameServer { _ in
                isAsked.signal()
                _ = mayAnswer.wait(timeout: .now() + 30)
                mayAnswer.signal()
                return .addresses(["127.0.0.1"])
            }
            let origin = try Origin.echo()
            // Each worker has a resolver of its own.
            let flags = Culvert.openFlags + names.flags + ["--workers", "1"]
            let culvert = try Culvert(flags)
            let authority = "busy.test:\(origin.endpoint.port)"
            let head = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n"
            let streams = try (0..<50).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(head)
                return stream
            }
            isAsked.wait()
            // The worker answers in turn, so by this answer it has met all fifty.
            #expect(try refusal(of: "busy.test:0", by: culvert).hasPrefix("HTTP/1.1 400 "))
            mayAnswer.signal()
            for stream in streams {
                #expect(try stream.receiveHead() == "HTTP/1.1 200 Connection established\r\n\r\n")
            }
            // The answers must not be kept, so whoever had come late would have asked again; the
            // resolver may repeat a question, but only under its number.
            let questions = Set(names.questions)
            #expect(questions.count == 2, "\(questions)")
            #expect(Set(questions.map(\.name)) == ["busy.test"])
        }

        // MARK: Racing

        @Test func `a first address that refuses gives way to the second`() throws {
            let origin = try Origin.echo()
            let names = try NameServer { _ in .addresses(["127.0.0.2", "127.0.0.1"]) }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let authority = "two.test:\(origin.endpoint.port)"
            #expect(try address(of: authority, by: culvert) == origin.authority)
        }

        @Test(arguments: [["127.0.0.1"], ["::1"]])
        func `a first address that is silent is overtaken by the second`(dead: [String]) throws {
            let origin = try Origin.echo("127.0.0.3")
            let port = origin.endpoint.port
            let hole = try BlackHole(try #require(dead.first), port: port)
            let names = try NameServer { _ in .addresses(dead + ["127.0.0.3"]) }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            #expect(try address(of: "two.test:\(port)", by: culvert) == origin.authority)
            let open = try culvert.record("open")
            // It was given the head start that RFC 8305 recommends, and no more was waited for.
            #expect(try #require(open["connect_us"] as? Int) >= 200_000)
            // The attempt that was overtaken leaves nothing behind.
            #expect(try culvert.settled()["descriptors"] == 0)
            withExtendedLifetime(hole) {}
        }

        @Test func `if every address is silent the client gets a 504 when the time is over`()
            throws
        {
            let hole = try BlackHole()
            let names = try NameServer { _ in .addresses(["127.0.0.7"]) }
            let flags = ["--connect-timeout", "400ms"]
            let culvert = try Culvert(Culvert.openFlags + names.flags + flags)
            let authority = "hole.test:\(hole.endpoint.port)"
            let text = try refusal(of: authority, by: culvert)
            #expect(text.hasPrefix("HTTP/1.1 504 Gateway Timeout\r\n"))
            #expect(text.contains("; error=connection_timeout; "))
            let end = try culvert.end(of: authority)
            #expect(end["reason"] as? String == "connection_timeout")
            #expect((400_000..<5_000_000).contains(try #require(end["duration_us"] as? Int)))
        }

        // MARK: Judging

        @Test(arguments: [
            ["127.0.0.1"], ["::ffff:127.0.0.1"], ["::1", "10.0.0.1"], ["64:ff9b::7f00:1"],
        ])
        func `a name that leads to private addresses alone is refused`(addresses: [String]) throws {
            let origin = try Origin("::")
            let names = try NameServer { _ in .addresses(addresses) }
            let port = origin.endpoint.port
            let culvert = try Culvert(["--allow-port", "\(port)"] + names.flags)
            let answer = try refusal(of: "rebound.test:\(port)", by: culvert)
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
            #expect(answer.contains("; error=destination_ip_prohibited; "))
            // Had it been dialled, this would not be the first to be accepted.
            let direct = try Stream(to: try #require(Endpoint("127.0.0.1:\(port)")))
            try direct.send("direct")
            #expect(try origin.accept().receive(exactly: 6) == Array("direct".utf8))
        }

        @Test(arguments: [
            [Namespace.public4, "127.0.0.1"], ["127.0.0.1", Namespace.public4],
            [Namespace.public4, "::1"], [Namespace.public6, "127.0.0.1"],
        ])
        func `of a name's addresses only the public ones are dialled`(addresses: [String]) throws {
            let namespace = try Namespace(hosts: addresses.map { "\($0) mixed.test" })
            let isHome = { ["127.0.0.1", "::1"].contains($0) }
            let address = try #require(addresses.first { isHome($0) })
            let home = try namespace.inside { try Origin(address, port: 443) }
            let culvert = try Culvert([], in: namespace)
            // Nobody listens at the public address yet.
            let answer = try namespace.inside { try refusal(of: "mixed.test:443", by: culvert) }
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
            #expect(answer.contains("; error=connection_refused; "))
            let abroad = try namespace.inside {
                try Origin(try #require(addresses.first { !isHome($0) }), port: 443)
            }
            let first = try namespace.inside { try Stream.tunnel(culvert, to: "mixed.test:443") }
            let hello = ClientHello("curl").bytes
            try first.send(hello)
            #expect(try abroad.accept().receive(exactly: hello.count) == hello)
            // Had the private address been dialled, this would not be the first to be accepted.
            let direct = try namespace.inside { try Stream(to: home.endpoint) }
            try direct.send("home")
            #expect(try home.accept().receive(exactly: 4) == Array("home".utf8))
        }

        @Test func `a name that was public is refused once it is private`() throws {
            let namespace = try Namespace()
            let isFirst = DispatchSemaphore(value: 0)
            isFirst.signal()
            let names = try namespace.inside {
                try NameServer { question in
                    guard !question.isAAAA else { return .addresses([]) }
                    let isPublic = isFirst.wait(timeout: .now()) == .success
                    return .addresses([isPublic ? Namespace.public4 : "127.0.0.1"])
                }
            }
            let abroad = try namespace.inside { try Origin(Namespace.public4, port: 443) }
            let home = try namespace.inside { try Origin("127.0.0.1", port: 443) }
            let culvert = try Culvert(names.flags, in: namespace)
            let tunnel = try namespace.inside { try Stream.tunnel(culvert, to: "flip.test:443") }
            let hello = ClientHello("curl").bytes
            try tunnel.send(hello)
            #expect(try abroad.accept().receive(exactly: hello.count) == hello)
            let answer = try namespace.inside { try refusal(of: "flip.test:443", by: culvert) }
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
            #expect(answer.contains("; error=destination_ip_prohibited; "))
            #expect(home.hasNoVisitor)
        }

        @Test func `if private addresses are allowed, a private one may be dialled`() throws {
            let hosts = ["\(Namespace.public4) mixed.test", "127.0.0.1 mixed.test"]
            let namespace = try Namespace(hosts: hosts)
            let home = try namespace.inside { try Origin("127.0.0.1", port: 443) }
            let culvert = try Culvert(["--allow-private"], in: namespace)
            // Nobody listens at the public address.
            let tunnel = try namespace.inside { try Stream.tunnel(culvert, to: "mixed.test:443") }
            let hello = ClientHello("curl").bytes
            try tunnel.send(hello)
            #expect(try home.accept().receive(exactly: hello.count) == hello)
        }
    }
}
