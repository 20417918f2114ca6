import Internet
import Kernel
import Resolver
import Testing

@Suite struct ResolverCacheTests {
    @Test func `an address is remembered until its time is over`() throws {
        let scene = try Scene { addresses($0, ttl: 10) }
        _ = scene.finish("www.example")
        scene.advance(seconds: 9)
        let known = scene.start("WWW.EXAMPLE")
        #expect(known.v4Addresses.texts == ["192.0.2.1"])
        #expect(scene.server.questions.count == 2)
        scene.advance(seconds: 1)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `the shortest time of the records counts, aliases included`() throws {
        let scene = try Scene { question in
            let text = question.isAAAA ? "2001:db8::" : "192.0.2."
            return .reply(
                Message(answers: [
                    .alias(to: "edge.example", ttl: question.isAAAA ? 5 : 100),
                    .address(text + "1", ttl: 100, owner: "edge.example"),
                    .address(text + "2", ttl: 5, owner: "edge.example"),
                ])
            )
        }
        _ = scene.finish("www.example")
        scene.advance(seconds: 4)
        #expect(scene.start("www.example").isComplete)
        scene.advance(seconds: 1)
        let expired = scene.start("www.example")
        #expect(expired.v6 == .pending)
        #expect(expired.v4 == .pending)
    }

    @Test func `only the family that expired is asked for again`() throws {
        let scene = try Scene { addresses($0, ttl: $0.isAAAA ? 10 : 100) }
        _ = scene.finish("www.example")
        scene.advance(seconds: 50)
        let answer = scene.start("www.example")
        #expect(answer.v6 == .pending)
        #expect(answer.v4 == .addresses)
        scene.run { scene.resolver.answer(for: 0).isComplete }
        #expect(scene.server.questions.map(\.isAAAA) == [true, false, true])
    }

    @Test(arguments: [4000, 0x7fff_ffff] as [UInt32])
    func `no time is longer than ours`(ttl: UInt32) throws {
        let scene = try Scene(configure: { $0.positiveTTLMax = 20 }) { addresses($0, ttl: ttl) }
        _ = scene.finish("www.example")
        scene.advance(seconds: 19)
        #expect(scene.start("www.example").isComplete)
        scene.advance(seconds: 1)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `an address without a time is not remembered`() throws {
        let scene = try Scene { addresses($0, ttl: 0) }
        #expect(scene.finish("www.example").v4 == .addresses)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test(arguments: [Message.ok, Message.noSuchName], [(10, 90), (90, 10)] as [(UInt32, UInt32)])
    func `absence is remembered for the lesser of the SOA's times`(
        code: UInt8,
        times: (UInt32, UInt32)
    ) throws {
        let scene = try Scene { _ in denial(code, ttl: times.0, minimum: times.1) }
        let answer = scene.finish("www.example")
        #expect(answer.v4 == (code == Message.ok ? .none : .notFound))
        scene.advance(seconds: 9)
        #expect(scene.start("www.example").v6 == answer.v6)
        scene.advance(seconds: 1)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `absence is remembered no longer than ours`() throws {
        let scene = try Scene { _ in denial(Message.noSuchName, ttl: 900, minimum: 900) }
        _ = scene.finish("www.example")
        scene.advance(seconds: 59)
        #expect(scene.start("www.example").isComplete)
        scene.advance(seconds: 1)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `absence without an SOA is not remembered`() throws {
        let scene = try Scene { _ in .reply(Message(code: Message.noSuchName)) }
        #expect(scene.finish("www.example").v4 == .notFound)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `no more names are remembered than allowed, and a used one stays`() throws {
        let scene = try Scene(configure: { $0.cacheEntriesMax = 4 }) { addresses($0) }
        for number in 0..<4 { _ = scene.finish("host\(number).example") }
        // The fifth clears all marks and evicts one; then the used one outlives the next.
        _ = scene.finish("host4.example")
        let kept = (1...3).first { scene.start("host\($0).example").isComplete }
        _ = scene.finish("host5.example")
        let asked = scene.server.questions.count
        let isKept = scene.start("host\(kept ?? 0).example").isComplete
        #expect(isKept)
        #expect(scene.server.questions.count == asked)
        let remembered = (0...5).filter { number in
            let isComplete = scene.start("host\(number).example", waiter: UInt32(number)).isComplete
            return isComplete
        }
        #expect(remembered.count == 4)
    }

    @Test func `a cache without room still answers`() throws {
        let scene = try Scene(configure: { $0.cacheEntriesMax = 0 }) { addresses($0) }
        #expect(scene.finish("www.example").v4 == .addresses)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `a released waiter hears nothing, and the answer is remembered`() throws {
        let scene = try Scene { addresses($0) }
        _ = scene.start("www.example", waiter: 1)
        _ = scene.start("www.example", waiter: 2)
        scene.resolver.release(waiter: 1)
        scene.run { scene.resolver.answer(for: 2).isComplete }
        scene.resolver.release(waiter: 2)
        scene.resolver.release(waiter: 2)
        #expect(!scene.notices.contains(1))
        #expect(scene.start("www.example", waiter: 3).isComplete)

        _ = scene.start("other.example", waiter: 1)
        scene.resolver.release(waiter: 1)
        scene.run { scene.resolver.nextDeadline == nil }
        #expect(scene.start("other.example", waiter: 1).isComplete)
        #expect(scene.server.questions.count == 4)
    }

    @Test func `a waiter that is released after its notice takes the notice along`() throws {
        let scene = try Scene { addresses($0) }
        _ = scene.start("www.example", waiter: 1)
        scene.run { scene.resolver.answer(for: 1).isComplete }
        scene.resolver.release(waiter: 1)
        let heard = scene.notices.count
        _ = scene.start("other.example", waiter: 1)
        scene.run(milliseconds: 1)
        scene.resolver.release(waiter: 1)
        scene.run { scene.resolver.nextDeadline == nil }
        scene.run(milliseconds: 5)
        #expect(scene.notices.count <= heard + 2)
        #expect(scene.resolver.answer(for: 1).v4 == .failed)
    }

    @Test func `a waiter keeps its answer while the name is asked for again`() throws {
        let scene = try Scene { addresses($0, ttl: 10) }
        _ = scene.start("www.example", waiter: 1)
        scene.run { scene.resolver.answer(for: 1).isComplete }
        scene.advance(seconds: 20)
        #expect(!scene.start("www.example", waiter: 2).isComplete)
        #expect(scene.resolver.answer(for: 1).v4Addresses.texts == ["192.0.2.1"])
        scene.resolver.release(waiter: 1)
        scene.run { scene.resolver.answer(for: 2).isComplete }
        #expect(scene.resolver.answer(for: 2).v4 == .addresses)
    }

    @Test func `a look-up above the bound fails at once, and is tried later`() throws {
        let scene = try Scene(configure: { $0.lookUpsMax = 1 }) { addresses($0) }
        _ = scene.start("www.example", waiter: 1)
        let refused = scene.start("other.example", waiter: 2)
        #expect(refused.v6 == .failed)
        #expect(refused.v4 == .failed)
        #expect(!scene.start("www.example", waiter: 3).isComplete)
        scene.run { scene.resolver.answer(for: 1).isComplete }
        #expect(scene.finish("other.example", waiter: 2).v4 == .addresses)
    }

    @Test func `a fresh family survives a refused renewal`() throws {
        let scene = try Scene(configure: { $0.lookUpsMax = 1 }) { question in
            if question.name == "slow.example" { return .silence }
            return .reply(
                Message(
                    answers: question.isAAAA
                        ? [.address("2001:db8::1", ttl: 1)] : [.address("192.0.2.1", ttl: 300)]
                )
            )
        }
        _ = scene.finish("www.example")
        scene.advance(seconds: 2)
        _ = scene.start("slow.example", waiter: 1)
        #expect(scene.start("www.example", waiter: 2).v4 == .addresses)
        #expect(scene.start("www.example", waiter: 3).v4 == .addresses)
    }
}
