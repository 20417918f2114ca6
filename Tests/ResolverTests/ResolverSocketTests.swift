import Glibc
import Internet
import Kernel
import Resolver
import Testing

@Suite struct ResolverSocketTests {
    /// Whether nothing has `port` of 127.0.0.1.
    private func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        return FakeServer.bind(descriptor, port) != nil
    }

    private func options(for server: FakeServer) -> CachingResolver.Options {
        var options = CachingResolver.Options()
        options.servers = [Endpoint(Address(v4: 0x7f00_0001), port: server.port)]
        return options
    }

    @Test func `a socket is announced, and announced as closed when nothing is pending`() throws {
        let scene = try Scene { addresses($0) }
        _ = scene.start("www.example")
        let first = try #require(scene.nextInterest())
        #expect(first.reads)
        #expect(first.index < UInt32(CachingResolver.socketsMax))
        scene.resolver.socketIsReady(
            first.index,
            generation: first.generation,
            readable: true,
            writable: false,
            now: scene.now
        )
        let again = try #require(scene.nextInterest())
        #expect(again == first)
        // What the loop now polls is announced by one more call.
        scene.resolver.socketIsReady(
            first.index,
            generation: first.generation,
            readable: true,
            writable: false,
            now: scene.now
        )
        scene.run { scene.resolver.answer(for: 0).isComplete }
        let last = scene.nextInterest()
        #expect(last?.index == first.index)
        #expect(last?.generation == first.generation)
        #expect(last?.reads == false)
        #expect(last?.writes == false)
    }

    @Test func `a poll of an earlier generation is ignored`() throws {
        let scene = try Scene { addresses($0) }
        _ = scene.start("www.example")
        let interest = try #require(scene.nextInterest())
        scene.resolver.socketIsReady(
            interest.index,
            generation: interest.generation &+ 1,
            readable: true,
            writable: true,
            now: scene.now
        )
        scene.resolver.socketIsReady(
            9999,
            generation: 0,
            readable: true,
            writable: true,
            now: scene.now
        )
        #expect(scene.nextInterest() == nil)
    }

    @Test func `the end of a resolver closes its sockets, whatever is pending`() throws {
        let server = FakeServer { _ in .silence }
        do {
            var resolver = try CachingResolver(options(for: server), waitersMax: 4)
            let name = try #require(Name("www.example"))
            let answer = resolver.lookUp(name, waiter: 0, now: Instant.now())
            #expect(!answer.isComplete)
            server.isReady(server.descriptors[0])
            #expect(!isFree(server.lastSourcePort))
        }
        #expect(server.lastSourcePort != 0)
        #expect(isFree(server.lastSourcePort))
    }

    @Test func `the end of a resolver ends its TCP connections`() throws {
        var scene: Scene? = try Scene { question in
            question.isTCP ? .silence : .reply(Message(isTruncated: true))
        }
        let server = try #require(scene?.server)
        _ = scene?.start("www.example")
        scene?.run { server.questions.filter(\.isTCP).count == 2 }
        scene = nil
        while server.descriptors.count > 2 { server.isReady(server.descriptors[2]) }
        #expect(server.endedStreams == 1)
    }

    @Test func `a port where nobody listens is a failure or a timeout, not a hang`() throws {
        let port: UInt16
        do { port = FakeServer { _ in .silence }.port }
        let scene = try Scene(configure: {
            $0.servers = [Endpoint(Address(v4: 0x7f00_0001), port: port)]
            $0.queryTimeoutMilliseconds = 50
            $0.tries = 2
        }) { _ in .silence }
        let answer = scene.finish("www.example")
        #expect(answer.isComplete)
        #expect(answer.v4 == .failed || answer.v4 == .timedOut)
    }

    @Test func `a question that can't even be sent fails within the call, without notice`() throws {
        // Without SO_BROADCAST the kernel refuses to connect a socket to this address.
        let scene = try Scene(configure: {
            $0.servers = [Endpoint(Address(v4: 0xffff_ffff), port: 53)]
        }) { _ in .silence }
        let answer = scene.start("www.example")
        #expect(answer.v6 == .failed)
        #expect(answer.v4 == .failed)
        scene.run(milliseconds: 5)
        #expect(scene.notices.isEmpty)
        #expect(scene.resolver.nextDeadline == nil)
    }

    @Test func `the second server is asked when the first is silent`() throws {
        let silent = FakeServer { _ in .silence }
        let scene = try Scene { addresses($0) }
        let loopback = Address(v4: 0x7f00_0001)
        var options = options(for: silent)
        options.servers.append(Endpoint(loopback, port: scene.server.port))
        options.queryTimeoutMilliseconds = 50
        scene.resolver = try CachingResolver(options, waitersMax: 4)
        #expect(scene.finish("www.example").v4 == .addresses)
    }

    @Test func `a new question is retried on its own time while an old one backs off`() throws {
        let scene = try Scene(configure: {
            $0.queryTimeoutMilliseconds = 250
            $0.tries = 4
        }) { _ in .silence }
        _ = scene.start("old.example", waiter: 0)
        scene.run(milliseconds: 850)  // rounds at 0, 250, 750; the next is at 1750
        _ = scene.start("new.example", waiter: 1)
        let next = scene.resolver.nextDeadline
        let latest = scene.now + 250_000_000
        #expect(try #require(next) <= latest)
    }

    @Test func `questions that run out one behind the other are looked at together`() throws {
        let scene = try Scene(configure: { $0.queryTimeoutMilliseconds = 40 }) { _ in .silence }
        _ = scene.start("one.example", waiter: 0)
        scene.run(milliseconds: 5)
        _ = scene.start("two.example", waiter: 1)
        let deadline = scene.resolver.nextDeadline
        let first = try #require(deadline)
        while scene.now < first {}
        scene.resolver.deadlinePassed(now: first)
        let next = scene.resolver.nextDeadline
        #expect(try #require(next) >= first + 20_000_000)
    }
}
