import Internet
import Kernel

/// What the worker asks for is checked as it is asked.
extension World {
    func submit(_ submission: Submission, _ use: String) {
        var submission = submission
        for descriptor in [submission.descriptor, submission.other] where descriptor >= 0 {
            guard let place = place(descriptor, use) else { return }
            descriptors[place].submissions += 1
        }
        if let memory = submission.memory { checkMemory(memory, of: submission, use) }
        if submission.kind == .send {
            guard let place = place(submission.descriptor, use) else { return }
            descriptors[place].sends += 1
            if descriptors[place].sends > 1 { fail("two sends at once on one socket") }
        }
        if submission.isQuiet { quiet.append(submission.token) }
        // Cancelling is carried out as it is submitted, in order, and so are quiet sends.
        let isAtOnce = submission.kind == .cancel || submission.isQuiet
        if !isAtOnce, dice.chance(faults.late) {
            submission.notBefore = clock + delay()
        }
        let isTunnels = submission.kind != .accept && !isAtOnce
        if isTunnels, strikes(.neverCompletes) { submission.isStuck = true }
        submissions.append(submission)
    }

    func delay() -> UInt64 {
        UInt64(dice.below(dice.pick([1000, 100_000, 10_000_000, 800_000_000])) + 1)
    }

    private func checkMemory(_ memory: Extent, of submission: Submission, _ use: String) {
        for other in submissions {
            guard let taken = other.memory, taken.overlaps(memory) else { continue }
            if other.kind == .receive || submission.kind == .receive {
                fail("\(use) with memory that a submission under way uses")
            }
        }
    }

    /// A submission has completed for the last time.
    func retire(_ index: Int) {
        let submission = submissions[index]
        for descriptor in [submission.descriptor, submission.other] where descriptor >= 0 {
            let place = Int(descriptor - World.firstDescriptor)
            descriptors[place].submissions -= 1
            if submission.kind == .send { descriptors[place].sends -= 1 }
        }
        submissions.swapAt(index, submissions.count - 1)
        submissions.removeLast()
    }

    func complete(_ index: Int, _ result: Int32, flags: UInt32 = 0) {
        let submission = submissions[index]
        let completion = Completion(token: submission.token, result: result, flags: flags)
        if submission.isQuiet, let memory = submission.memory, Int(result) == memory.count {
            sent.append(completion)
            restingSinks.append(connectedPeer(submission))
        } else {
            completions.append(completion)
            if submission.isQuiet { quiet.removeAll { $0 == submission.token } }
        }
        retire(index)
    }

    // MARK: Called directly

    func makeSocket() -> Int32 {
        if dice.chance(faults.makeSocket) { return -Errno.tooManyFiles }
        return open(.socket, -1)
    }

    func makePipe() -> PipeEnds {
        if dice.chance(faults.makePipe) {
            return PipeEnds(source: -Errno.tooManyFiles, sink: -Errno.tooManyFiles)
        }
        pipes.append(SimulatedPipe())
        let index = pipes.count - 1
        return PipeEnds(source: open(.pipeSource, index), sink: open(.pipeSink, index))
    }

    func pass(_ sockets: Sockets, _ bytes: Extent) -> Int32 {
        if dice.chance(faults.pass) { return -Errno.again }
        for socket in [sockets.client, sockets.upstream] {
            guard let place = place(socket, "pass") else { return 0 }
            if descriptors[place].submissions > 0 { fail("passed with a submission under way") }
            descriptors[place].isPassed = true
        }
        guard let client = peer(sockets.client, "pass"),
            let upstream = peer(sockets.upstream, "pass")
        else { return 0 }
        let copy = (0..<bytes.count).map { bytes[$0] }
        passed.append(Passed(client: client, upstream: upstream, bytes: copy))
        return 0
    }

    func takePassed(into memory: Extent) -> (sockets: Sockets, byteCount: Int) {
        guard !passed.isEmpty else { return (Sockets(client: -Errno.again), 0) }
        let first = passed.removeFirst()
        for (index, byte) in first.bytes.enumerated() { memory[index] = byte }
        let client = open(.socket, first.client)
        return (Sockets(client: client, upstream: open(.socket, first.upstream)), first.bytes.count)
    }

    func shutdownSending(_ socket: Int32) -> Int32 {
        guard let index = peer(socket, "shutdown") else { return 0 }
        if peers[index].hasFin { fail("a second FIN on one socket") }
        let life = peers[index].life
        if peers[index].hasReset || dice.chance(faults.shutdown) {
            lives[life].isDisturbed = true
            peers[index].resetWasNoticed = true
            return -107
        }
        peers[index].hasFin = true
        checkEnd(of: index)
        wake(index)
        return 0
    }

    /// A FIN goes out only when the other side's has come and all before it is delivered.
    private func checkEnd(of index: Int) {
        let record = lives[peers[index].life]
        if !peers[index].isClient {
            let client = peers[record.client]
            let head = scenario.lives[peers[index].life].head.count
            if !scenario.lives[peers[index].life].mayPass { fail("FIN passed on without TLS") }
            if !client.finWasTaken { fail("FIN to an upstream whose client has not ended") }
            if peers[index].delivered - peers[index].requestCount != client.sent - head {
                fail("FIN to an upstream that lacks bytes")
            }
            return
        }
        if record.wasRefused { return }
        let received = peers[index].delivered - World.answer.count
        for upstream in record.upstreams where peers[upstream].finWasTaken {
            if peers[upstream].sent - peers[upstream].frontCount == received { return }
        }
        fail("FIN to a client that lacks bytes or whose upstream has not ended")
    }

    /// The peer acts soon: something has happened that it may wait for.
    func wake(_ index: Int) {
        guard !peers[index].isClosed else { return }
        peers[index].actsAt = min(peers[index].actsAt, clock + 1000)
    }
}
