import Internet
import Kernel
import Resolver

/// The kernel as one of the two nodes of a crossing sees it.
struct CrossingKernel: SubmissionQueue, ~Copyable {
    let world: CrossingWorld
    let node: Int

    mutating func accept(on listener: Int32, token: UInt64) {
        world.submit(Submission(kind: .accept, token: token, descriptor: listener), node)
    }

    mutating func connect(_ socket: Int32, to endpoint: Endpoint, token: UInt64) {
        var submission = Submission(kind: .connect, token: token, descriptor: socket)
        submission.endpoint = endpoint
        world.submit(submission, node)
    }

    mutating func receive(_ socket: Int32, into memory: Extent, token: UInt64) {
        var submission = Submission(kind: .receive, token: token, descriptor: socket)
        submission.memory = memory
        submission.count = memory.count
        if memory.count == 0 { world.fail("a receive into no memory") }
        world.submit(submission, node)
    }

    mutating func receive(_ socket: Int32, bytesMax: Int, pollFirst: Bool, token: UInt64) {
        var submission = Submission(kind: .receiveProvided, token: token, descriptor: socket)
        submission.count = bytesMax
        submission.pollFirst = pollFirst
        world.submit(submission, node)
    }

    mutating func receive(_: Int32, bytesMax _: Int, total _: Int, token _: UInt64) {
        world.fail("a stream is received from by what goes on by itself")
    }

    mutating func send(_ socket: Int32, from memory: Extent, token: UInt64) {
        var submission = Submission(kind: .send, token: token, descriptor: socket)
        submission.memory = memory
        if memory.count == 0 { world.fail("a send of no bytes") }
        world.submit(submission, node)
    }

    mutating func sendQuietly(_: Int32, from _: Extent, token _: UInt64) {
        world.fail("bytes of a stream are sent quietly")
    }

    var quietCount: Int { 0 }

    func quietToken(_: Int) -> UInt64 { 0 }

    mutating func nextSent() -> Completion? { nil }

    mutating func poll(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        var submission = Submission(kind: .poll, token: token, descriptor: descriptor)
        submission.events = events
        world.submit(submission, node)
    }

    mutating func watch(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        var submission = Submission(kind: .watch, token: token, descriptor: descriptor)
        submission.events = events
        world.submit(submission, node)
    }

    mutating func splice(from _: Int32, to _: Int32, count _: Int, token _: UInt64) {
        world.fail("a stream is spliced")
    }

    mutating func cancelAll(_ target: UInt64, token: UInt64) { cancel(target, token: token) }

    mutating func cancel(_ target: UInt64, token: UInt64) {
        var submission = Submission(kind: .cancel, token: token)
        submission.target = target
        world.submit(submission, node)
    }

    mutating func close(_ descriptor: Int32, token _: UInt64) { world.close(descriptor, node) }

    mutating func wake(_: Int32, token _: UInt64) {}

    mutating func provide(_ index: UInt16) { world.provided.append(index) }

    func buffer(_ index: UInt16) -> Extent { world.memory[Int(index)] }

    mutating func emptyBuffer(_ index: UInt16) { world.memory.empty(Int(index)) }

    mutating func submitAndWait(
        count _: Int,
        gatherMicroseconds _: UInt32,
        until deadline: Instant?
    ) {
        world.wait(node, until: deadline)
    }

    mutating func nextCompletion() -> Completion? { world.nextCompletion(node) }

    func now() -> Instant { Instant(nanoseconds: world.clock) }

    func timeWanted() -> UInt64 { 0 }

    mutating func acceptWaiting(on listener: Int32) -> Int32? {
        world.acceptWaiting(listener, node)
    }

    mutating func makeSocket(
        _: Address.Family,
        source _: Address?,
        options _: SocketOptions
    ) -> Int32 {
        world.descriptor(world.makePlug(.node(node)))
    }

    mutating func sendNow(_ socket: Int32, from memory: Extent) -> Int32 {
        world.sendNow(socket, node, memory)
    }

    mutating func shutdownSending(_ socket: Int32) -> Int32 {
        world.shutdownSending(socket, node)
    }

    mutating func prefer(cpu _: Int?, on _: Int32) {}

    mutating func keepAlive(_: Int32, seconds _: Int32) {}

    mutating func takeError(of socket: Int32) -> Int32 { world.error(of: socket, node) }

    mutating func unacknowledgedBytes(of socket: Int32) -> Int {
        world.unreadBytes(of: socket, node)
    }

    mutating func makeAbortive(_ socket: Int32) {
        guard let plug = world.plug(socket, node, "reset") else { return }
        world.plugs[plug].isAbortive = true
    }

    mutating func spliceNow(from _: Int32, to _: Int32, count _: Int) -> Int32 { -Errno.invalid }

    mutating func peer(of _: Int32) -> Endpoint? { Endpoint(Address(v4: 0x0a00_0003), port: 1024) }

    mutating func makePipe(capacity _: Int) -> PipeEnds {
        PipeEnds(source: -Errno.tooManyFiles, sink: -Errno.tooManyFiles)
    }
}

/// A name service that nobody asks.
struct NoNames: NameService, ~Copyable {
    mutating func lookUp(_: Name, waiter _: UInt32, now _: Instant) -> NameAnswer {
        NameAnswer(both: .notFound)
    }

    func answer(for _: UInt32) -> NameAnswer { NameAnswer(both: .notFound) }

    mutating func nextNotice() -> UInt32? { nil }

    mutating func release(waiter _: UInt32) {}

    var nextDeadline: Instant? { nil }

    mutating func deadlinePassed(now _: Instant) {}
}
