import Internet
import Kernel
import Resolver
import Testing

@Suite struct ReloadTests {
    @Test func `a reload names by the new hosts file and forgets what was remembered`() throws {
        let scene = try Scene(configure: { $0.hosts = HostsFile(text: "192.0.2.7 here.test") }) {
            addresses($0, ttl: 100)
        }
        #expect(scene.start("here.test").v4Addresses.texts == ["192.0.2.7"])
        _ = scene.finish("www.example")
        scene.resolver.reload(HostsFile(text: "192.0.2.8 here.test"), now: scene.now)
        #expect(scene.start("here.test").v4Addresses.texts == ["192.0.2.8"])
        #expect(scene.finish("www.example").v4 == .addresses)
        #expect(scene.server.questions.count == 4)
    }

    @Test func `a question on its way is answered through a reload`() throws {
        let scene = try Scene { question in
            let text = question.isAAAA ? "2001:db8::1" : "192.0.2.1"
            return .hold(Message(answers: [.address(text, ttl: 100, owner: question.name)]))
        }
        _ = scene.start("www.example")
        scene.run { scene.server.questions.count == 2 }
        scene.resolver.reload(HostsFile(), now: scene.now)
        scene.server.sendHeld()
        scene.run { scene.resolver.answer(for: 0).isComplete }
        #expect(scene.resolver.answer(for: 0).v4Addresses.texts == ["192.0.2.1"])
        // The next question goes out by a channel that was opened since.
        _ = scene.start("other.example", waiter: 1)
        scene.run { scene.server.questions.count == 4 }
        scene.server.sendHeld()
        scene.run { scene.resolver.answer(for: 1).isComplete }
        #expect(scene.resolver.answer(for: 1).v4 == .addresses)
    }

    @Test func `what was on its way at a reload is for those alone who waited`() throws {
        let scene = try Scene { question in
            let text = question.isAAAA ? "2001:db8::1" : "192.0.2.1"
            return .hold(Message(answers: [.address(text, ttl: 100, owner: question.name)]))
        }
        for (waiter, name) in ["early.example", "late.example"].enumerated() {
            _ = scene.start(name, waiter: UInt32(waiter))
        }
        scene.run { scene.server.questions.count == 4 }
        scene.resolver.reload(HostsFile(), now: scene.now)
        // Whoever comes while it is still on its way asks anew,
        _ = scene.start("late.example", waiter: 2)
        scene.run { scene.server.questions.count == 6 }
        scene.server.sendHeld()
        scene.run { (0...2).allSatisfy { scene.resolver.answer(for: $0).isComplete } }
        for waiter: UInt32 in 0...2 {
            #expect(scene.resolver.answer(for: waiter).v4 == .addresses)
        }
        #expect(scene.start("late.example", waiter: 3).isComplete)
        // and so does whoever comes when it has been answered.
        #expect(!scene.start("early.example", waiter: 3).isComplete)
    }

    @Test func `what former servers are still asked after a reload isn't remembered`() throws {
        let scene = try Scene { question in
            question.name == "silent.example" ? .silence : addresses(question)
        }
        _ = scene.start("silent.example", waiter: 1)
        // So many that a new channel takes their place, while the one before waits for that answer.
        for number in 0..<40 { _ = scene.finish("name\(number).example") }
        scene.resolver.reload(HostsFile(), now: scene.now)
        #expect(scene.finish("www.example").v4 == .addresses)
        #expect(!scene.start("www.example").isComplete)
    }

    @Test func `questions leave from ever new ports, though one is never answered`() throws {
        let scene = try Scene { $0.name == "silent.example" ? .silence : addresses($0) }
        _ = scene.start("silent.example", waiter: 1)
        var ports: Set<UInt16> = []
        for number in 0..<200 {
            _ = scene.finish("name\(number).example")
            ports.insert(scene.server.lastSourcePort)
        }
        #expect(ports.count >= 3)
    }
}
