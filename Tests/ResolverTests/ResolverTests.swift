import Internet
import Kernel
import Resolver
import Testing

/// Answers either family with one address that lives for `ttl` seconds.
private func addresses(_ question: Question, ttl: UInt32 = 300) -> FakeServer.Reaction {
    let text = question.isAAAA ? "2001:db8::1" : "192.0.2.1"
    return .reply(Message(answers: [.address(text, ttl: ttl)]))
}

private func isIPv6First(_ questions: [Question]) -> Bool {
    questions.map(\.isAAAA) == [true, false]
}

@Suite struct ResolverTests {
    @Test func `both families are answered, and AAAA is asked before A`() throws {
        let scene = try Scene { addresses($0) }
        let answer = scene.finish("www.example")
        #expect(answer.v6 == .addresses)
        #expect(answer.v6Addresses.texts == ["2001:db8::1"])
        #expect(answer.v4 == .addresses)
        #expect(answer.v4Addresses.texts == ["192.0.2.1"])
        #expect(isIPv6First(scene.server.questions))
    }

    @Test func `the name goes on the wire as it is, without a search domain`() throws {
        let scene = try Scene { _ in
            .reply(Message(code: Message.noSuchName))
        }
        #expect(scene.finish("printer").v4 == .notFound)
        #expect(scene.server.questions.map(\.name) == ["printer", "printer"])
    }
}
