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
