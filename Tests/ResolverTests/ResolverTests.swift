import Internet
import Kernel
import Resolver
import Testing

/// Answers either family with one address that lives for `ttl` seconds.
func addresses(_ question: Question, ttl: UInt32 = 300) -> FakeServer.Reaction {
    let text = question.isAAAA ? "2001:db8::1" : "192.0.2.1"
    return .reply(Message(answers: [.address(text, ttl: ttl)]))
}

/// Denies a name or, with code ok, its addresses, for the lesser of the two times.
func denial(_ code: UInt8, ttl: UInt32, minimum: UInt32) -> FakeServer.Reaction {
    .reply(Message(code: code, authorities: [.authority(ttl: ttl, minimum: minimum)]))
}

@Suite struct ResolverTests {
    @Test func `both families are answered, and AAAA is asked before A`() throws {
        let scene = try Scene { addresses($0) }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .addresses)
        #expect(answer.v6Addresses.texts == ["2001:db8::1"])
        #expect(answer.v4 == .addresses)
        #expect(answer.v4Addresses.texts == ["192.0.2.1"])
        #expect(scene.server.questions.map(\.isAAAA) == [true, false])
    }

    @Test func `the name goes on the wire as it is, without a search domain`() throws {
        let scene = try Scene { _ in .reply(Message(code: Message.noSuchName)) }
        #expect(scene.finish("printer").v4 == .notFound)
        #expect(scene.finish("www.example").v4 == .notFound)
        let names = scene.server.questions.map(\.name)
        #expect(names == ["printer", "printer", "www.example", "www.example"])
    }

    @Test func `a hundred waiters of one name cost one pair of questions`() throws {
        let scene = try Scene { addresses($0) }
        for waiter: UInt32 in 0..<100 {
            let answer = scene.start("www.example", waiter: waiter)
            #expect(!answer.isComplete)
        }
        scene.run { (0..<100).allSatisfy { scene.resolver.answer(for: $0).isComplete } }
        #expect(Set(scene.notices) == Set(0..<100))
        for waiter: UInt32 in 0..<100 {
            let answer = scene.resolver.answer(for: waiter)
            #expect(answer.v4Addresses.texts == ["192.0.2.1"])
            scene.resolver.release(waiter: waiter)
        }
        #expect(scene.server.questions.count == 2)
    }

    @Test func `a family is delivered while the other is late`() throws {
        let scene = try Scene { question in
            let late = Message(answers: [.address("2001:db8::1", ttl: 300)])
            return question.isAAAA ? .hold(late) : addresses(question)
        }
        #expect(!scene.start("www.example", waiter: 7).isComplete)
        scene.run { !scene.notices.isEmpty }
        let early = scene.resolver.answer(for: 7)
        #expect(early.v6 == .pending)
        #expect(early.v4 == .addresses)
        scene.server.sendHeld()
        scene.run { scene.notices.count == 2 }
        #expect(scene.notices == [7, 7])
        #expect(scene.resolver.answer(for: 7).v6Addresses.texts == ["2001:db8::1"])
    }

    @Test func `a name without addresses of one family has those of the other`() throws {
        let scene = try Scene { question in
            question.isAAAA ? denial(Message.ok, ttl: 9, minimum: 9) : addresses(question)
        }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .none)
        #expect(answer.v6Addresses.count == 0)
        #expect(answer.v4 == .addresses)
    }

    @Test func `an alias is followed within the answer`() throws {
        let scene = try Scene { question in
            let text = question.isAAAA ? "2001:db8::1" : "192.0.2.1"
            return .reply(
                Message(answers: [
                    .alias(to: "edge.example", ttl: 300),
                    .address(text, ttl: 300, owner: "edge.example"),
                ])
            )
        }
        let answer = scene.finish("www.example")
        #expect(answer.v6Addresses.texts == ["2001:db8::1"])
        #expect(answer.v4Addresses.texts == ["192.0.2.1"])
    }

    @Test func `an alias that leads nowhere is a name without addresses`() throws {
        let scene = try Scene { _ in
            .reply(Message(answers: [.alias(to: "edge.example", ttl: 300)]))
        }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .none)
        #expect(answer.v4 == .none)
    }

    @Test func `of more than sixteen addresses sixteen are kept`() throws {
        let scene = try Scene { question in
            guard !question.isAAAA else { return denial(Message.ok, ttl: 9, minimum: 9) }
            let answers = (1...20).map { Record.address("192.0.2.\($0)", ttl: 300) }
            return .reply(Message(answers: answers))
        }
        let answer = scene.finish("www.example")
        #expect(answer.v4Addresses.texts == (1...16).map { "192.0.2.\($0)" })
    }

    @Test func `a truncated answer is asked for again by TCP`() throws {
        let scene = try Scene { question in
            question.isTCP ? addresses(question) : .reply(Message(isTruncated: true))
        }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .addresses)
        #expect(answer.v4 == .addresses)
        #expect(scene.server.questions.filter(\.isTCP).count == 2)
    }

    @Test func `a server's failure is a failure, and is remembered for a second`() throws {
        let scene = try Scene { _ in .reply(Message(code: Message.serverFailure)) }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .failed)
        #expect(answer.v4 == .failed)
        let asked = scene.server.questions.count
        #expect(scene.start("www.example").isComplete)
        #expect(scene.server.questions.count == asked)
        scene.advance(seconds: 1)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `an answer that can't be read is a failure`() throws {
        let scene = try Scene { question in
            // A good head and question, then an address record that ends in its middle.
            let message = Message(answers: [.address("192.0.2.1", ttl: 300)])
            return .raw(Array(message.bytes(for: question).dropFirst(2).dropLast(3)))
        }
        #expect(scene.finish("www.example").v4 == .failed)
    }

    @Test func `noise is passed over, and the answer after it counts`() throws {
        var seen = 0
        let scene = try Scene(configure: { $0.queryTimeoutMilliseconds = 50 }) { question in
            seen += 1
            return seen <= 2 ? .raw([0xff, 0xff, 0xff]) : addresses(question)
        }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .addresses)
        #expect(answer.v4 == .addresses)
    }

    @Test func `silence is asked again, then a timeout`() throws {
        let scene = try Scene(configure: {
            $0.queryTimeoutMilliseconds = 20
            $0.tries = 2
        }) { _ in .silence }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .timedOut)
        #expect(answer.v4 == .timedOut)
        #expect(scene.server.questions.count == 4)
        #expect(scene.resolver.nextDeadline == nil)
    }

    @Test func `there is a deadline exactly while a question is on its way`() throws {
        let scene = try Scene { addresses($0) }
        #expect(scene.resolver.nextDeadline == nil)
        _ = scene.start("www.example")
        #expect(scene.resolver.nextDeadline != nil)
        scene.run { scene.resolver.answer(for: 0).isComplete }
        #expect(scene.resolver.nextDeadline == nil)
    }

    @Test(arguments: ["localhost", "LOCALHOST", "www.localhost"])
    func `localhost is loopback without a question`(name: String) throws {
        let scene = try Scene { _ in .silence }
        let answer = scene.start(name)
        #expect(answer.v6Addresses.texts == ["::1"])
        #expect(answer.v4Addresses.texts == ["127.0.0.1"])
        #expect(scene.server.questions.isEmpty)
    }

    @Test(arguments: ["invalid", "www.invalid"])
    func `invalid is not found without a question`(name: String) throws {
        let scene = try Scene { _ in .silence }
        let answer = scene.start(name)
        #expect(answer.v6 == .notFound)
        #expect(answer.v4 == .notFound)
    }

    @Test(arguments: ["notinvalid", "invalid.example"])
    func `a name that only resembles invalid is asked for`(name: String) throws {
        let scene = try Scene { addresses($0) }
        #expect(scene.finish(name).v4 == .addresses)
    }

    @Test func `the hosts file goes before the servers`() throws {
        let scene = try Scene(configure: {
            $0.hosts = HostsFile(text: "192.0.2.9 www.example")
        }) { _ in .silence }
        let answer = scene.start("WWW.example")
        #expect(answer.isComplete)
        #expect(answer.v6 == .none)
        #expect(answer.v4Addresses.texts == ["192.0.2.9"])
    }
}
