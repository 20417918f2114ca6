import Connect
import Kernel

/// A connection at a proxy on the way, which does whatever can be done to requests and answers.
struct Ferry {
    enum State { case reading, silent, waiting, passing, over }

    /// The plug of the client; -1 for a request that is made once more, whose answer nobody gets.
    let client: Int
    var server = -1
    var state = State.reading
    var inbox: [UInt8] = []
    var request: [UInt8] = []
    var requestSent = 0
    /// Bytes of the request that are passed on, and of the answer, before both are cut.
    var requestLimit = Int.max
    var answerLimit = Int.max
    var answer: [UInt8] = []
    var answerSent = 0
    /// Bytes of the answer that have been looked at, and whether it is whole.
    var parsed = 0
    var reader: BodyReader?
    var isWhole = false
    /// Whether another answer is passed on instead.
    var isSwapped = false
    var deadline = UInt64.max
    var actsAt = UInt64.max

    init(client: Int) { self.client = client }

    /// The next request begins.
    mutating func rest() {
        state = .reading
        requestSent = 0
        requestLimit = .max
        answerLimit = .max
        answer = []
        answerSent = 0
        parsed = 0
        reader = nil
        isWhole = false
        isSwapped = false
        deadline = .max
    }
}

extension CrossingWorld {
    func actFerry(_ index: Int) {
        ferries[index].actsAt = .max
        guard ferries[index].state != .over else { return }
        step(index)
        guard ferries[index].state != .over else { return }
        for plug in [ferries[index].client, ferries[index].server] where plug >= 0 {
            ferries[index].actsAt = min(ferries[index].actsAt, nextArrival(plug))
        }
    }

    private func step(_ index: Int) {
        let client = ferries[index].client
        if client >= 0 {
            let count = available(client)
            var bytes: [UInt8] = []
            if !isReset(client) { read(client, count) { _, byte in bytes.append(byte) } }
            ferries[index].inbox += bytes
            if isReset(client) || isAtEnd(client) { return sink(index) }
        }
        switch ferries[index].state {
        case .reading: takeRequest(index)
        case .silent: if clock >= ferries[index].deadline { sink(index) } else { look(index) }
        case .waiting: board(index)
        case .passing: pass(index)
        case .over: break
        }
    }

    /// Looks again at the deadline.
    private func look(_ index: Int) {
        ferries[index].actsAt = min(ferries[index].actsAt, ferries[index].deadline)
        if ferries[index].deadline < .max { moments.add(ferries[index].deadline) }
    }

    private func later(_ index: Int, _ time: UInt64) {
        ferries[index].actsAt = time
        moments.add(time)
    }

    /// Nothing is passed on any more.
    func endFerries() {
        for index in ferries.indices where ferries[index].state != .over { sink(index) }
    }

    /// Cuts both connections.
    private func sink(_ index: Int) {
        for plug in [ferries[index].client, ferries[index].server] where plug >= 0 {
            plugs[plug].ferry = -1
            close(plug, abortive: dice.chance(500))
        }
        ferries[index].state = .over
    }

    // MARK: Requests

    /// The bytes of the first request of `inbox`; nil if it isn't whole.
    private func requestLength(_ inbox: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard inbox.count >= 4 else { return nil }
        let end = (0...inbox.count - 4).first { inbox[$0..<$0 + 4].elementsEqual(mark) }
        guard let end else { return nil }
        let head = String(decoding: inbox[..<end], as: UTF8.self)
        var length = 0
        for line in head.split(separator: "\r\n") where line.hasPrefix("Content-Length: ") {
            length = Int(line.dropFirst(16)) ?? 0
        }
        return inbox.count >= end + 4 + length ? end + 4 + length : nil
    }

    private func takeRequest(_ index: Int) {
        guard let count = requestLength(ferries[index].inbox) else { return }
        ferries[index].rest()
        ferries[index].request = Array(ferries[index].inbox.prefix(count))
        ferries[index].inbox.removeFirst(count)
        if dice.chance(weather.lost) { return sink(index) }
        if dice.chance(weather.silent) {
            ferries[index].state = .silent
            ferries[index].deadline = clock + 40_000_000_000
            return look(index)
        }
        if dice.chance(weather.own) { return refuse(index) }
        if dice.chance(weather.repeated) { repeatRequest(ferries[index].request) }
        if dice.chance(weather.cutRequest) { ferries[index].requestLimit = dice.below(count) }
        if dice.chance(weather.lostAnswer) {
            ferries[index].answerLimit = 0
        } else if dice.chance(weather.cutAnswer) {
            ferries[index].answerLimit = dice.below(dice.pick([400, 5000, 60_000]))
        }
        // Nobody could tell an answer that begins as one and ends as another.
        ferries[index].isSwapped =
            dice.chance(weather.swapped) && ferries[index].answerLimit == .max
        if let limit = weather.timeLimit { ferries[index].deadline = clock + limit }
        ferries[index].state = .waiting
        later(index, clock + 1 + UInt64(dice.below(Int(weather.delay))))
    }

    private func refuse(_ index: Int) {
        let isMake = ferries[index].request.starts(with: "POST http://10.0.0.2/t/make".utf8)
        let statuses = isMake ? [502, 504] : [400, 403, 404, 405, 408, 413, 502, 503, 504]
        let text = "HTTP/1.1 \(dice.pick(statuses)) No\r\nContent-Length: 2\r\n\r\nno"
        ferries[index].answer = Array(text.utf8)
        ferries[index].isWhole = true
        ferries[index].state = .passing
        pass(index)
    }

    /// The server gets the request once more, some time.
    private func repeatRequest(_ request: [UInt8]) {
        ferries.append(Ferry(client: -1))
        let copy = ferries.count - 1
        ferries[copy].request = request
        ferries[copy].state = .waiting
        ferries[copy].deadline = clock + 60_000_000_000
        later(copy, clock + 1 + UInt64(dice.below(dice.pick([1000, 50_000_000, 3_000_000_000]))))
    }

    /// A connection to the server is made for the request.
    private func board(_ index: Int) {
        if ferries[index].server < 0 {
            let plug = makePlug(.hand)
            guard connect(plug, toNode: Self.server, isOuter: true) else { return sink(index) }
            plugs[plug].ferry = index
            ferries[index].server = plug
        }
        ferries[index].state = .passing
        pass(index)
    }

    // MARK: Answers

    private func pass(_ index: Int) {
        let server = ferries[index].server
        if server >= 0, !ferries[index].isWhole {
            let end = min(ferries[index].request.count, ferries[index].requestLimit)
            let start = ferries[index].requestSent
            let count = min(end - start, room(server))
            if count > 0 {
                let request = ferries[index].request
                write(server, count) { request[start + $0] }
                ferries[index].requestSent += count
            }
            if ferries[index].requestSent == ferries[index].requestLimit { return sink(index) }
            if isReset(server) { return sink(index) }
            takeAnswer(index, server)
        }
        passOn(index)
        guard ferries[index].state == .passing else { return }
        if clock >= ferries[index].deadline { return sink(index) }
        look(index)
    }

    private func takeAnswer(_ index: Int, _ server: Int) {
        // What the client hasn't taken isn't taken from the server, up to a buffer's size.
        let limit = weather.buffers || ferries[index].isSwapped ? Int.max : 65536
        let waiting = ferries[index].answer.count - ferries[index].answerSent
        let count = min(available(server), max(0, limit - waiting))
        var bytes: [UInt8] = []
        read(server, count) { _, byte in bytes.append(byte) }
        ferries[index].answer += bytes
        parse(index)
        guard ferries[index].isWhole || isAtEnd(server) else { return }
        plugs[server].ferry = -1
        close(server)
        ferries[index].server = -1
        if !ferries[index].isWhole {
            ferries[index].answerLimit = min(
                ferries[index].answerLimit,
                ferries[index].answer.count
            )
        }
        guard ferries[index].isSwapped, ferries[index].isWhole else { return }
        let own = ferries[index].answer
        if !keptAnswer.isEmpty { ferries[index].answer = keptAnswer }
        keptAnswer = own
    }

    private func parse(_ index: Int) {
        let bytes = ferries[index].answer
        if ferries[index].reader == nil {
            var parser = ResponseHeadParser()
            guard case .complete(let head) = parser.parse(bytes.span) else { return }
            ferries[index].reader = try? BodyReader(head.body)
            ferries[index].parsed = head.byteCount
        }
        while let piece = try? ferries[index].reader?.next(bytes.span, &ferries[index].parsed) {
            guard case .content = piece else { break }
        }
        ferries[index].isWhole = ferries[index].reader?.isAtEnd ?? false
    }

    private func passOn(_ index: Int) {
        guard ferries[index].client >= 0 else {
            ferries[index].answerSent = ferries[index].answer.count
            if ferries[index].isWhole { ferries[index].state = .over }
            return
        }
        let client = ferries[index].client
        let holds = (weather.buffers || ferries[index].isSwapped) && !ferries[index].isWhole
        let limit = ferries[index].answerLimit
        let end = holds && limit == .max ? 0 : min(ferries[index].answer.count, limit)
        let start = ferries[index].answerSent
        let count = min(end - start, room(client))
        if count > 0 {
            let answer = ferries[index].answer
            write(client, count) { answer[start + $0] }
            ferries[index].answerSent += count
        }
        let sent = ferries[index].answerSent
        if sent == limit, ferries[index].requestSent > 0 || limit == 0 { return sink(index) }
        guard ferries[index].isWhole, sent == ferries[index].answer.count else { return }
        ferries[index].rest()
        takeRequest(index)
    }
}
