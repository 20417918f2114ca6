import Internet
import Kernel

/// A kernel in which everything that may go wrong does, as a seed has it.
struct SimulatedKernel: SubmissionQueue, ~Copyable {
    let world: World

    mutating func accept(on listener: Int32, token: UInt64) {
        world.submit(Submission(kind: .accept, token: token, descriptor: listener), "accept")
    }

    mutating func connect(_ socket: Int32, to endpoint: Endpoint, token: UInt64) {
        var submission = Submission(kind: .connect, token: token, descriptor: socket)
        submission.endpoint = endpoint
        world.submit(submission, "connect")
    }

    mutating func receive(_ socket: Int32, into memory: Extent, token: UInt64) {
        var submission = Submission(kind: .receive, token: token, descriptor: socket)
        submission.memory = memory
        submission.count = memory.count
        if memory.count == 0 { world.fail("a receive into no memory") }
        world.submit(submission, "receive")
    }

    mutating func receive(_ socket: Int32, bytesMax: Int, pollFirst: Bool, token: UInt64) {
        var submission = Submission(kind: .receiveProvided, token: token, descriptor: socket)
        submission.count = bytesMax
        submission.pollFirst = pollFirst
        world.submit(submission, "receive")
    }

    mutating func receive(_ socket: Int32, bytesMax: Int, total: Int, token: UInt64) {
        var submission = Submission(kind: .receiveProvided, token: token, descriptor: socket)
        submission.count = bytesMax
        submission.pollFirst = true
        submission.left = total
        if total <= 0 { world.fail("a receive that goes on without an end") }
        world.submit(submission, "receive")
    }

    mutating func send(_ socket: Int32, from memory: Extent, token: UInt64) {
        var submission = Submission(kind: .send, token: token, descriptor: socket)
        submission.memory = memory
        world.submit(submission, "send")
    }

    mutating func sendQuietly(_ socket: Int32, from memory: Extent, token: UInt64) {
        guard !world.dice.chance(50) else { return send(socket, from: memory, token: token) }
        var submission = Submission(kind: .send, token: token, descriptor: socket)
        submission.memory = memory
        submission.isQuiet = true
        world.submit(submission, "send")
    }

    var quietCount: Int { world.quiet.count }

    func quietToken(_ index: Int) -> UInt64 { world.quiet[index] }

    mutating func nextSent() -> Completion? { world.nextSent() }

    mutating func poll(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        var submission = Submission(kind: .poll, token: token, descriptor: descriptor)
        submission.events = events
        world.submit(submission, "poll")
    }

    /// Nobody has to be told of what has been passed.
    mutating func watch(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        guard descriptor >= 0 else { return }
        var submission = Submission(kind: .watch, token: token, descriptor: descriptor)
        submission.events = events
        world.submit(submission, "watch")
    }

    mutating func splice(from source: Int32, to sink: Int32, count: Int, token: UInt64) {
        var submission = Submission(kind: .splice, token: token, descriptor: source)
        submission.other = sink
        submission.count = count
        world.submit(submission, "splice")
    }

    /// Only what the simulation doesn't have is submitted several times with one token.
    mutating func cancelAll(_ target: UInt64, token: UInt64) { cancel(target, token: token) }

    mutating func cancel(_ target: UInt64, token: UInt64) {
        var submission = Submission(kind: .cancel, token: token)
        submission.target = target
        world.submit(submission, "cancel")
    }

    mutating func close(_ descriptor: Int32, token: UInt64) { world.close(descriptor, token) }

    mutating func wake(_: Int32, token _: UInt64) {}

    mutating func provide(_ index: UInt16) { world.provide(index) }

    func buffer(_ index: UInt16) -> Extent { world.memory[Int(index)] }

    mutating func emptyBuffer(_ index: UInt16) { world.emptyBuffer(index) }

    mutating func submitAndWait(
        count: Int,
        gatherMicroseconds _: UInt32,
        until deadline: Instant?
    ) {
        world.wait(until: count == 0 ? now() : deadline)
    }

    mutating func nextCompletion() -> Completion? {
        guard world.completionHead < world.completions.count else { return nil }
        world.completionHead += 1
        return world.completions[world.completionHead - 1]
    }

    func now() -> Instant { Instant(nanoseconds: world.clock) }

    func timeWanted() -> UInt64 { 0 }

    mutating func acceptWaiting(on listener: Int32) -> Int32? {
        guard world.place(listener, "accept") != nil, !world.backlog.isEmpty else { return nil }
        return world.takeClient()
    }

    mutating func makeSocket(
        _: Address.Family,
        source _: Address?,
        options _: SocketOptions
    ) -> Int32 {
        world.makeSocket()
    }

    mutating func pass(_ sockets: Sockets, with bytes: Extent, through _: Int32) -> Int32 {
        world.pass(sockets, bytes)
    }

    mutating func takePassed(
        from _: Int32,
        into memory: Extent
    ) -> (sockets: Sockets, byteCount: Int) {
        world.takePassed(into: memory)
    }

    mutating func sendNow(_ socket: Int32, from memory: Extent) -> Int32 {
        world.sendNow(socket, memory)
    }

    mutating func shutdownSending(_ socket: Int32) -> Int32 { world.shutdownSending(socket) }

    mutating func prefer(cpu _: Int?, on _: Int32) {}

    mutating func keepAlive(_: Int32, seconds _: Int32) {}

    mutating func takeError(of socket: Int32) -> Int32 {
        guard let index = world.peer(socket, "error") else { return 0 }
        return world.takeError(index)
    }

    mutating func unacknowledgedBytes(of socket: Int32) -> Int {
        guard let index = world.peer(socket, "look"), !world.peers[index].hasReset else { return 0 }
        return world.peers[index].unread
    }

    mutating func makeAbortive(_ socket: Int32) {
        guard let index = world.peer(socket, "reset") else { return }
        world.lives[world.peers[index].life].isDisturbed = true
    }

    mutating func spliceNow(from source: Int32, to sink: Int32, count: Int) -> Int32 {
        world.spliceNow(source, sink, count)
    }

    mutating func peer(of socket: Int32) -> Endpoint? {
        guard let index = world.peer(socket, "peer"), !world.peers[index].hasReset else {
            return nil
        }
        return Endpoint(Address(v4: 0x7f00_0002), port: 1024)
    }

    mutating func makePipe(capacity _: Int) -> PipeEnds { world.makePipe() }
}
