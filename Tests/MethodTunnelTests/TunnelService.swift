import Connect
import Glibc
import MethodTunnel

/// One request, and its answer as far as it is written.
final class TunnelRequest {
    let target: Target
    let body: [UInt8]
    let isChunked: Bool
    /// Where in the lane the next byte of the answer stands.
    var position: UInt64 = 0
    var deadline: UInt64 = 0
    var isFinished = false
    private var output: [UInt8] = []
    /// Bytes after which the answer is cut.
    private var left: Int

    init(_ target: Target, _ body: [UInt8], isChunked: Bool, limit: Int) {
        self.target = target
        self.body = body
        self.isChunked = isChunked
        left = limit
    }

    func write(_ bytes: [UInt8]) {
        guard !isFinished else { return }
        output += bytes.prefix(left)
        left -= min(left, bytes.count)
        if left == 0 { isFinished = true }
    }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }
}

/// The operations of the format on one session.
struct TunnelService {
    let end: EchoEnd
    private var dice: Dice
    private let faults: Int
    private let id: SessionID
    private var desk = PollDesk(lanes: 2)
    private var served: [TunnelRequest?] = [nil, nil]
    private(set) var methods: Set<String> = []
    private(set) var requestCount = 0
    private(set) var hasQuit = false

    /// A service in which `faults` of a thousand requests, and as many answers, go wrong.
    init(seed: UInt64, faults: Int) {
        dice = Dice(seed)
        self.faults = faults
        var terms = SessionTerms()
        terms.lanes = 2
        terms.slots = 4
        terms.laneCapacity = 32768
        end = EchoEnd(.server, terms, blockCount: 4 * 17)
        id = SessionID(dice.next(), dice.next())
    }

    private static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The request that `input` is, once it is whole; it may be answered already.
    mutating func request(_ input: [UInt8]) -> TunnelRequest? {
        var parser = RequestHeadParser()
        guard case .complete(let head) = parser.parse(input.span),
            var reader = try? BodyReader(head.body, limit: 1 << 20)
        else { return nil }
        var body: [UInt8] = []
        var index = head.byteCount
        while case .content(let range)? = try? reader.next(input.span, &index) {
            body += input[range]
        }
        guard reader.isAtEnd else { return nil }
        let start = head.path.lowerBound + "/tunnel/".utf8.count
        guard let target = Target(parsing: input.span, in: start..<head.path.upperBound)
        else { return nil }
        requestCount += 1
        methods.insert(head.method.text)
        let isCut = dice.chance(faults)
        let isChunked: Bool
        if case .flow = target.operation { isChunked = true } else { isChunked = false }
        let exchange = TunnelRequest(
            target,
            body,
            isChunked: isChunked,
            limit: isCut ? dice.below(dice.pick([1, 200, 5000])) : .max
        )
        if dice.chance(faults) {
            exchange.isFinished = true
            return exchange
        }
        let session = head.session.flatMap { SessionID(parsing: input.span, in: $0) }
        handle(exchange, isOfSession: session == id && !hasQuit)
        return exchange
    }

    private mutating func handle(_ exchange: TunnelRequest, isOfSession: Bool) {
        if case .make = exchange.target.operation { return make(exchange) }
        guard isOfSession else { return answer(exchange, .noSession) }
        do throws(Violation) {
            try handle(exchange)
        } catch {
            answer(exchange, .violation)
        }
        end.echo()
    }

    private mutating func handle(_ exchange: TunnelRequest) throws(Violation) {
        switch exchange.target.operation {
        case .make: break
        case .open(let number): try open(exchange, number)
        case .send(let lane, let offset):
            let taken = end.session.taken(lane)
            guard offset <= taken else { return answer(exchange, .gap, value: taken) }
            let known = Int(taken - offset)
            if known < exchange.body.count { _ = try end.take(lane, exchange.body, from: known) }
            answer(exchange, .done, value: end.session.taken(lane))
        case .poll(let lane, let offset, let wait, _), .flow(let lane, let offset, let wait, _):
            try poll(exchange, lane, offset, wait)
        case .end(let number):
            try end.session.end(number, .ended, &end.pool)
            answer(exchange, .done)
        case .quit:
            hasQuit = true
            answer(exchange, .done)
            for other in served { if let other { finish(other) } }
        }
    }

    private mutating func make(_ exchange: TunnelRequest) {
        var parameters = Parameters()
        parameters.lanes = 2
        parameters.slots = 4
        parameters.laneCapacity = 32768
        var bytes: [UInt8] = []
        id.writeBytes(to: &bytes)
        parameters.write(as: .server, to: &bytes)
        answer(exchange, .done, rest: bytes)
    }

    private func open(_ exchange: TunnelRequest, _ number: StreamNumber) throws(Violation) {
        let body = exchange.body
        guard let authority = Authority(parsing: body.span, in: body.indices)
        else { return answer(exchange, .violation) }
        switch try end.session.open(number, fingerprint: UInt64(authority.port)) {
        case .new where authority.port == 7:
            end.begin(number.slot)
            _ = end.session.didConnect(number.slot)
            answer(exchange, .done)
        case .new:
            _ = end.session.refuse(number.slot, .portNotAllowed)
            refuse(exchange, .portNotAllowed)
        case .opened: answer(exchange, .done)
        case .refused(let refusal): refuse(exchange, refusal)
        case .waits, .busy, .draining: answer(exchange, .busy)
        case .gone: answer(exchange, .gone)
        }
    }

    private func refuse(_ exchange: TunnelRequest, _ refusal: Refusal) {
        let word = Array(refusal.error.word.utf8)
        answer(exchange, .refused, refusedStatus: refusal.status, rest: word)
    }

    // MARK: Down lanes

    private mutating func poll(
        _ exchange: TunnelRequest,
        _ lane: Int,
        _ offset: UInt64,
        _ wait: UInt64
    ) throws(Violation) {
        let serial = exchange.target.serial
        let start = try desk.begin(lane, from: offset, serial: serial, of: &end.session)
        if case .stale(let value) = start { return answer(exchange, .stale, value: value) }
        if let other = served[lane] { finish(other) }
        exchange.position = offset
        exchange.deadline = Self.now + wait * 1_000_000_000
        served[lane] = exchange
        if exchange.isChunked { answer(exchange, .done, value: offset) }
        if case .replay = start { return finish(exchange) }
        serve(exchange)
    }

    /// Gives a request that waits what there is.
    mutating func serve(_ exchange: TunnelRequest) {
        guard let lane = served.firstIndex(where: { $0 === exchange }) else { return }
        end.fill(lane)
        let hasBytes = end.session.outlets[lane].end > exchange.position
        if hasBytes, exchange.isChunked { writeKept(exchange, lane) }
        if Self.now >= exchange.deadline || hasBytes && !exchange.isChunked { finish(exchange) }
    }

    private func writeKept(_ exchange: TunnelRequest, _ lane: Int) {
        let bytes = end.bytes(lane, from: exchange.position, countMax: 1 << 20)
        exchange.position += UInt64(bytes.count)
        let size = String(bytes.count, radix: 16)
        if !bytes.isEmpty { exchange.write(Array("\(size)\r\n".utf8) + bytes + [13, 10]) }
    }

    /// Ends the answer to a request for a lane, with what is kept.
    private mutating func finish(_ exchange: TunnelRequest) {
        guard let lane = served.firstIndex(where: { $0 === exchange }) else { return }
        if exchange.isChunked {
            writeKept(exchange, lane)
            exchange.write(Array("0\r\n\r\n".utf8))
            exchange.isFinished = true
        } else {
            let start = exchange.position
            let bytes = end.bytes(lane, from: start, countMax: 1 << 20)
            answer(exchange, .done, value: start, rest: bytes)
        }
        leave(exchange)
    }

    /// A request no longer waits.
    mutating func leave(_ exchange: TunnelRequest) {
        guard let lane = served.firstIndex(where: { $0 === exchange }) else { return }
        served[lane] = nil
        desk.end(lane)
    }

    // MARK: Answers

    private func answer(
        _ exchange: TunnelRequest,
        _ result: AnswerResult,
        value: UInt64 = 0,
        refusedStatus: UInt16 = 0,
        rest: [UInt8] = []
    ) {
        let preamble = Preamble(
            result,
            serial: exchange.target.serial,
            value: value,
            refusedStatus: refusedStatus
        )
        var body: [UInt8] = []
        preamble.write(to: &body)
        body += rest
        let isFlow = exchange.isChunked && result == .done
        let framing = isFlow ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
        let head = "HTTP/1.1 \(result.status) x\r\nConnection: close\r\n\(framing)\r\n\r\n"
        let size = isFlow ? Array("18\r\n".utf8) : []
        exchange.write(Array(head.utf8) + size + body + (isFlow ? [13, 10] : []))
        if !isFlow { exchange.isFinished = true }
    }
}
