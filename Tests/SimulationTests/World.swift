import Internet
import Kernel
import Proxy

/// A planted fault of the kernel that the invariants must notice.
enum Canary: String, CaseIterable, Codable, Sendable {
    case none, dropsByte, losesBuffer, swallowsClose, neverCompletes, endsEarly, sendsTwice
}

/// One end of a connection that isn't the proxy's.
struct Peer {
    var life: Int
    var isClient: Bool
    var stream: UInt64
    /// Bytes that it will send; the head of a client, and the answer of a parent, included.
    var total: Int
    var farewell: Scenario.Farewell
    /// Bytes that it has sent, and that the proxy has taken.
    var sent = 0
    var taken = 0
    /// Bytes that the proxy has sent, and that it has not read yet.
    var delivered = 0
    var unread = 0
    var hasSentFin = false
    var hasReset = false
    var finWasTaken = false
    /// Whether the proxy has been told of the reset, which a socket tells once; by a receive.
    var errorWasTaken = false
    /// Whether it was told otherwise.
    var errorWasTold = false
    /// Whether a poll, a send or a shutdown has told the proxy of the reset.
    var resetWasNoticed = false
    /// Whether it has not had room for all that the proxy had, or a send to it was cancelled.
    var wasShort = false
    /// What the proxy did to it.
    var hasFin = false
    var isClosed = false
    var actsAt: UInt64
    var isParent = false
    /// Bytes that a parent proxy is asked, and says, before the tunnel begins.
    var requestCount = 0
    var frontCount = 0

    /// Whether the proxy has still to be told of the reset.
    var hasPendingError: Bool { hasReset && !errorWasTaken && !errorWasTold }

    var isReadable: Bool { hasReset || hasSentFin || sent > taken }
}

/// A descriptor of the proxy.
struct Descriptor {
    enum Kind { case listener, socket, pipeSource, pipeSink }
    var kind: Kind
    /// The peer of a socket, or -1; the number of a pipe.
    var index: Int
    var isOpen = true
    var submissions = 0
    var sends = 0
    /// Whether there is a second descriptor of the same socket, which goes on.
    var isPassed = false
}

/// A tunnel on its way: the peers of its sockets, and what goes with them.
struct Passed {
    var client: Int
    var upstream: Int
    var bytes: [UInt8]
}

/// Bytes of one direction of one life, in a pipe.
struct Piece {
    var life: Int
    var isOutbound: Bool
    var position: Int
    var count: Int
}

struct SimulatedPipe {
    var pieces: [Piece] = []
    var count = 0
    var isOpen = true
}

/// A submission that the kernel holds.
struct Submission {
    enum Kind {
        case accept, connect, receive, receiveProvided, send, poll, watch, splice, cancel, failed
    }
    var kind: Kind
    var token: UInt64
    var descriptor: Int32 = -1
    var other: Int32 = -1
    var memory: Extent?
    var count = 0
    var events = PollEvents()
    /// What a watch has told of and still stands.
    var told = PollEvents()
    var target: UInt64 = 0
    var endpoint: Endpoint?
    var notBefore: UInt64 = 0
    var isStuck = false
    var isCancelled = false
    var pollFirst = false
    /// Bytes after which a receive that goes on by itself ends; 0 for one that ends with the first.
    var left = 0
    /// Whether the success of a send is no event.
    var isQuiet = false
}

/// What has become of one client and its upstreams.
struct LifeRecord {
    var client = -1
    var upstreams: [Int] = []
    /// Whether something happened after which bytes may be lost.
    var isDisturbed = false
    var wasRefused = false
}

/// Everything behind the simulated kernel: sockets, pipes, buffers, peers, names and the time.
final class World {
    static let answer = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
    static let firstDescriptor: Int32 = 1_000_000

    let scenario: Scenario
    let canary: Canary
    var faults: Scenario.Faults
    var dice: Dice
    /// When it all begins.
    let began: UInt64
    var clock: UInt64
    var failure: String?

    var descriptors: [Descriptor] = []
    var pipes: [SimulatedPipe] = []
    var peers: [Peer] = []
    var lives: [LifeRecord]
    var submissions: [Submission] = []
    var completions: [Completion] = []
    var completionHead = 0
    /// The tokens of quiet sends of which the worker doesn't know what became of them.
    var quiet: [UInt64] = []
    /// Those of them that succeeded, oldest first.
    var sent: [Completion] = []
    /// To whom those went.
    var restingSinks: [Int] = []
    /// Clients that wait to be accepted.
    var backlog: [Int] = []
    var connected = 0
    var accepted = 0

    var passed: [Passed] = []
    var lookUps: [SimulatedLookUp] = []
    /// What parents have been asked so far.
    var requests: [Int: [UInt8]] = [:]

    let memory: Blocks
    var provided: [UInt16] = []
    var isProvided: [Bool]

    /// Bytes that were spliced at once, in and out, since the kernel was entered.
    var splicedInTurn = 0
    /// Whether nothing will ever happen by itself.
    var isIdle = false
    var isEnding = false
    var openSockets = 0
    var openPipes = 0
    var openListeners = 0
    var canaryCountdown: Int
    /// Steps without a byte or a change, so that a spin is noticed.
    var turnsAtOneTime = 0

    init(_ scenario: Scenario, canary: Canary) throws {
        self.scenario = scenario
        self.canary = canary
        faults = scenario.faults
        dice = scenario.dice
        // Machines run for years: no timer may mind what the bits of a clock do then.
        began = dice.pick([1_000_000_000, (1 << 56) - 10_000_000_000, 900 * 86_400 * 1_000_000_000])
        clock = began
        lives = Array(repeating: LifeRecord(), count: scenario.lives.count)
        let configuration = scenario.configuration
        memory = try Blocks(count: configuration.buffers, blockSize: configuration.bufferSize)
        isProvided = Array(repeating: false, count: configuration.buffers)
        canaryCountdown = 3
    }

    func fail(_ reason: String) {
        if failure == nil { failure = reason }
    }

    /// Whether the planted fault strikes now.
    func strikes(_ canary: Canary) -> Bool {
        guard self.canary == canary else { return false }
        canaryCountdown -= 1
        return canaryCountdown == 0
    }

    // MARK: Descriptors

    func open(_ kind: Descriptor.Kind, _ index: Int) -> Int32 {
        descriptors.append(Descriptor(kind: kind, index: index))
        switch kind {
        case .listener: openListeners += 1
        case .socket: openSockets += 1
        case .pipeSource: openPipes += 1
        case .pipeSink: break
        }
        return World.firstDescriptor + Int32(descriptors.count - 1)
    }

    /// The place of an open descriptor in the table; nil, and a failure, if there is none.
    func place(_ descriptor: Int32, _ use: String) -> Int? {
        let place = Int(descriptor) - Int(World.firstDescriptor)
        guard descriptors.indices.contains(place) else {
            fail("\(use) on the unknown descriptor \(descriptor)")
            return nil
        }
        guard descriptors[place].isOpen else {
            fail("\(use) on the closed descriptor \(descriptor)")
            return nil
        }
        return place
    }

    /// The peer of an open socket.
    func peer(_ descriptor: Int32, _ use: String) -> Int? {
        guard let place = place(descriptor, use) else { return nil }
        guard descriptors[place].kind == .socket, descriptors[place].index >= 0 else {
            fail("\(use) on a descriptor that isn't connected")
            return nil
        }
        return descriptors[place].index
    }

    func close(_ descriptor: Int32, _ token: UInt64) {
        guard let place = place(descriptor, "close") else { return }
        if descriptors[place].kind != .listener, descriptors[place].submissions > 0 {
            fail("close with a submission under way")
        }
        if strikes(.swallowsClose) { return }
        descriptors[place].isOpen = false
        let index = descriptors[place].index
        switch descriptors[place].kind {
        case .listener:
            openListeners -= 1
            for client in backlog { peers[client].isClosed = true }
            backlog.removeAll()
        case .socket:
            openSockets -= 1
            guard index >= 0, !descriptors[place].isPassed else { break }
            checkDelivered(to: index)
            peers[index].isClosed = true
        case .pipeSource:
            openPipes -= 1
            pipes[index].isOpen = false
        case .pipeSink: break
        }
        if dice.chance(faults.failedClose) {
            submissions.append(Submission(kind: .failed, token: token))
        }
    }

    // MARK: Buffers

    func provide(_ index: UInt16) {
        guard Int(index) < isProvided.count, !isProvided[Int(index)] else {
            return fail("buffer \(index) is provided twice")
        }
        for submission in submissions where submission.kind != .receiveProvided {
            guard let memory = submission.memory else { continue }
            if memory.overlaps(self.memory[Int(index)]) {
                fail("buffer \(index) is provided while it is sent from")
            }
        }
        if clock > began, strikes(.losesBuffer) { return }
        isProvided[Int(index)] = true
        provided.append(index)
    }

    func emptyBuffer(_ index: UInt16) {
        let buffer = memory[Int(index)]
        for submission in submissions where submission.memory?.overlaps(buffer) == true {
            fail("buffer \(index) is emptied while it is sent from")
        }
        memory.empty(Int(index))
    }
}
