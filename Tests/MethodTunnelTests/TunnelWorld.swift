import Connect
import MethodTunnel

/// One stream as it is meant to go.
struct Plan {
    enum State { case waiting, opening, open, finished }

    let up: Int
    let down: Int
    let startTime: UInt64
    let refusal: Refusal?
    let clientResetsAfter: Int?
    let serverResetsAfter: Int?
    var state = State.waiting
    var number: StreamNumber?
    var attempts = Attempts()

    init(_ dice: inout Dice) {
        let most = dice.pick([0, 10, 3000, 30_000])
        up = dice.below(most + 1)
        down = dice.below(most + 1)
        startTime = UInt64(dice.below(3000)) * 1_000_000
        refusal = dice.chance(100) ? .connectionRefused : nil
        clientResetsAfter = dice.chance(50) ? dice.below(up + down + 1) : nil
        serverResetsAfter = dice.chance(50) ? dice.below(up + down + 1) : nil
    }

    var isReset: Bool { clientResetsAfter != nil || serverResetsAfter != nil }
}

/// A fault planted at an end, which a simulation must notice.
enum TunnelCanary: CaseIterable {
    case none
    /// The server takes again what it has of a lane.
    case takesTwice
    /// The server forgets what it has sent, though nobody has acknowledged it.
    case forgetsKept
    /// The client believes that all it sent has arrived.
    case trustsSends
}

/// Both ends of a session and a hostile network between, all of which follows from a seed.
final class TunnelWorld {
    enum Event {
        case wakeClient
        case start(Int)
        case arrive(Exchange)
        case body(Exchange, Range<Int>, isWhole: Bool)
        case answer(UInt64, [UInt8])
        case answerEnded(UInt64)
        case failed(UInt64)
        case dialled(Int)
        case advanceClient(StreamNumber)
        case advanceServer(StreamNumber)
        case serverDeadline(Exchange)
    }

    static let second: UInt64 = 1_000_000_000

    let canary: TunnelCanary
    var dice: Dice
    var now: UInt64 = 0
    var agenda = Agenda<Event>()
    let network: Network
    let client: End
    let server: End
    var plans: [Plan]

    // The client's.
    var schedule: ClientSchedule
    var pending: [UInt64: Pending] = [:]
    var nextWake = UInt64.max
    var openPlans: Int

    // The server's.
    var desk: PollDesk
    var parked: [Exchange?]
    var openers: [Int: Exchange] = [:]

    init(seed: UInt64, streamCount: Int = 10, canary: TunnelCanary = .none) {
        self.canary = canary
        dice = Dice(seed)
        network = Network(&dice)
        var parameters = Parameters()
        parameters.grace = 3600
        var clientTerms = SessionTerms()
        clientTerms.lanes = dice.within(1...4)
        clientTerms.slots = dice.within(1...12)
        clientTerms.streamWindow = dice.pick([4096, 10_000, 65536])
        clientTerms.sessionWindow = dice.pick([5000, 65536, 1 << 20])
        clientTerms.laneCapacity = dice.pick([2000, 32768])
        clientTerms.peerLaneCapacity = dice.pick([2000, 32768])
        var serverTerms = clientTerms
        serverTerms.peerLaneCapacity = clientTerms.laneCapacity
        serverTerms.laneCapacity = clientTerms.peerLaneCapacity
        serverTerms.streamWindow = dice.pick([4096, 10_000, 65536])
        serverTerms.sessionWindow = dice.pick([5000, 65536, 1 << 20])
        serverTerms.peerStreamWindow = clientTerms.streamWindow
        serverTerms.peerSessionWindow = clientTerms.sessionWindow
        if dice.chance(500) { serverTerms.keptMax = serverTerms.laneCapacity }
        clientTerms.peerStreamWindow = serverTerms.streamWindow
        clientTerms.peerSessionWindow = serverTerms.sessionWindow
        client = End(.client, clientTerms, blockCount: 17 * clientTerms.slots)
        server = End(.server, serverTerms, blockCount: 17 * serverTerms.slots)
        parameters.answerMax = UInt32(dice.pick([1000, 20_000, 1 << 20]))
        parameters.sendMax = UInt32(dice.pick([1000, 20_000, 1 << 20]))
        schedule = ClientSchedule(
            parameters,
            lanes: clientTerms.lanes,
            serial: 1,
            seed: dice.next(),
            now: 0
        )
        desk = PollDesk(lanes: clientTerms.lanes)
        parked = Array(repeating: nil, count: clientTerms.lanes)
        var plans: [Plan] = []
        for _ in 0..<streamCount { plans.append(Plan(&dice)) }
        self.plans = plans
        openPlans = streamCount
    }

    /// Lives until all streams have ended.
    func run() throws {
        for index in plans.indices { agenda.add(.start(index), at: plans[index].startTime) }
        while openPlans > 0 {
            guard let (time, event) = agenda.next() else { throw Failure("all stands still") }
            // The worst networks take an hour for their streams.
            guard time < 7200 * Self.second else { throw Failure(stillOpen) }
            now = time
            try handle(event)
        }
        for slot in client.programs.indices {
            try client.checkLast(slot)
            try server.checkLast(slot)
        }
        guard client.pool.freeCount == client.pool.count,
            server.pool.freeCount == server.pool.count
        else { throw Failure("blocks are lost") }
    }

    private var stillOpen: String {
        let hung = plans.indices.filter { plans[$0].state != .finished }
        let states = hung.map { index in
            let slot = plans[index].number?.slot ?? 0
            return "\(plans[index].state) \(client.session[slot]) \(server.session[slot])"
        }
        return "streams hang: \(states) \(schedule.polling)"
    }

    private func handle(_ event: Event) throws {
        switch event {
        case .wakeClient:
            if now >= nextWake { nextWake = .max }
            try kickClient()
        case .start: try kickClient()
        case .answer(let serial, let bytes): try answered(serial, bytes)
        case .answerEnded(let serial): try answerEnded(serial)
        case .failed(let serial): try failed(serial)
        case .advanceClient(let number):
            try advance(client, number) { .advanceClient(number) }
            try kickClient()
        case .advanceServer(let number):
            try advance(server, number) { .advanceServer(number) }
            try kickServer()
        case .arrive(let exchange): try arrive(exchange)
        case .body(let exchange, let range, let isWhole):
            try receive(exchange, range, isWhole: isWhole)
        case .dialled(let index): try dialled(index)
        case .serverDeadline(let exchange): try deadline(exchange)
        }
    }

    /// Lets a program go on, and again later unless it has done all it wanted.
    private func advance(_ end: End, _ number: StreamNumber, _ again: () -> Event) throws {
        let slot = number.slot
        guard end.session[slot].generation == number.generation,
            var program = end.programs[slot], !program.isFinished
        else { return }
        program.advance(&dice)
        end.programs[slot] = program
        try end.attend(slot)
        guard !program.isIdle else { return }
        agenda.add(again(), at: now + UInt64(dice.within(1...40)) * 1_000_000)
    }

    // MARK: The network

    /// Sends a request off; whatever happens to it, it happens later.
    func issue(_ target: Target, _ body: [UInt8]) {
        let sent = readAgain(target)
        if let limit = network.timeLimit { agenda.add(.failed(sent.serial), at: now + limit) }
        if dice.chance(network.lost) {
            if dice.chance(800) { agenda.add(.failed(sent.serial), at: now + delay()) }
            if dice.chance(500) { return }
        }
        let copies = dice.chance(network.repeated) ? dice.within(2...3) : 1
        let forwarded = dice.chance(network.lost) ? -1 : dice.below(copies)
        for copy in 0..<copies {
            let isCut = dice.chance(network.cut)
            let exchange = Exchange(
                sent,
                body,
                isForwarded: copy == forwarded,
                answerLimit: isCut ? dice.below(dice.pick([30, 3000])) : .max
            )
            agenda.add(.arrive(exchange), at: now + delay())
        }
        if forwarded < 0, dice.chance(800) {
            agenda.add(.failed(sent.serial), at: now + delay() * 2)
        }
    }

    /// A target as it is read at the other end of the wire.
    private func readAgain(_ target: Target) -> Target {
        var text: [UInt8] = []
        target.write(to: &text)
        guard let read = Target(parsing: text.span, in: text.indices), read == target else {
            preconditionFailure("a target reads back as another one")
        }
        return read
    }

    func delay() -> UInt64 { network.delay(&dice) }

    /// Sends a part of an answer, or the last part.
    func respond(_ exchange: Exchange, _ bytes: [UInt8], isLast: Bool) {
        precondition(!exchange.isAnswered, "an answer goes on behind its end")
        exchange.isAnswered = isLast
        guard exchange.isForwarded, exchange.answerLimit >= 0 else { return }
        let serial = exchange.target.serial
        exchange.held += bytes.prefix(exchange.answerLimit)
        exchange.arrival = max(exchange.arrival, now + delay())
        let isCut = bytes.count > exchange.answerLimit
        exchange.answerLimit = isCut ? -1 : exchange.answerLimit - bytes.count
        guard isLast || isCut || !network.buffers else { return }
        agenda.add(.answer(serial, exchange.held), at: exchange.arrival)
        exchange.held = []
        if isCut {
            agenda.add(.failed(serial), at: exchange.arrival)
        } else if isLast {
            agenda.add(.answerEnded(serial), at: exchange.arrival)
        }
    }
}
