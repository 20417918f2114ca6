internal import Internet
internal import Kernel

/// One hostile client.
///
///     free → connecting → asking → standing → closing → free
///
/// It ends as soon as the proxy says no, or ends it; else it stays.
struct HostileClient {
    enum State: UInt8 { case free, connecting, asking, standing, closing }

    private(set) var state = State.free
    private(set) var conduit: Conduit
    private(set) var kind: Hostility
    private var answer = AnswerReader()
    private var began = Instant(nanoseconds: 0)
    private var sent = 0
    /// Whether a half-close comes in the middle of the head.
    private var isHalf = false

    init(slot: UInt32, _ kind: Hostility) {
        conduit = Conduit(slot: slot)
        self.kind = kind
    }

    // MARK: Beginning

    mutating func begin(_ kind: Hostility, _ services: inout HostileServices) {
        precondition(state == .free)
        self.kind = kind
        state = .connecting
        answer = AnswerReader()
        began = services.station.now
        sent = 0
        isHalf = services.random.below(2) == 0
        if kind == .guesser { services.makeGuess(conduit.slot) }
        let proxy = services.script.proxy
        let socket = services.station.queue.makeSocket(
            proxy.address.family,
            source: nil,
            options: SocketOptions()
        )
        conduit.begin(socket, now: began)
        guard socket >= 0 else { return end("no socket", &services) }
        conduit.connect(to: proxy, &services.station)
    }

    /// A submission for this client has completed.
    mutating func handle(
        _ operation: Operation,
        _ completion: Completion,
        _ services: inout HostileServices
    ) {
        conduit.completed(operation, completion)
        guard state != .closing else {
            services.station.giveBack(completion)
            return closeIfQuiet(&services)
        }
        switch operation {
        case .connect: didConnect(completion.result, &services)
        case .send: didSend(completion.result, &services)
        case .room:
            conduit.roomAppeared(&services.station)
            fill(&services)
        case .receive: didReceive(completion, &services)
        default: break
        }
    }

    private mutating func didConnect(_ result: Int32, _ services: inout HostileServices) {
        guard result == 0 else { return end("not connected", &services) }
        state = .asking
        conduit.receive(isEmpty: true, &services.station)
        switch kind {
        case .silent: break
        case .slowHead: goOn(&services)
        case .oversizedHead, .slowReader, .guesser: fill(&services)
        case .halfClose:
            fill(&services)
            setTimer(after: services.script.interval, &services)
        case .reset:
            fill(&services)
            setTimer(after: services.random.below(services.script.interval), &services)
        }
    }

    // MARK: Sending

    private mutating func fill(_ services: inout HostileServices) {
        guard !conduit.isFull, !conduit.outgoing.isSending else { return }
        switch kind {
        case .silent, .slowHead: break
        case .oversizedHead:
            let head = services.begunHead
            guard sent < HostileScript.oversize else { return }
            let isHead = sent < head.count
            conduit.send(isHead ? head.part(sent..<head.count) : services.fields, &services.station)
        case .halfClose where isHalf: sendRest(of: services.begunHead, &services)
        case .halfClose, .reset, .slowReader: sendRest(of: services.request, &services)
        case .guesser: sendRest(of: services.guess(conduit.slot), &services)
        }
    }

    private mutating func sendRest(of text: Extent, _ services: inout HostileServices) {
        guard sent < text.count else {
            if kind == .halfClose {
                _ = services.station.queue.shutdownSending(conduit.socket)
            }
            return
        }
        conduit.send(text.part(sent..<text.count), &services.station)
    }

    private mutating func didSend(_ result: Int32, _ services: inout HostileServices) {
        guard result != -Errno.again else { return conduit.awaitRoom(&services.station) }
        conduit.outgoing.isSending = false
        // What the proxy still says tells more than that it takes nothing.
        guard result > 0 else { return }
        sent += Int(result)
        fill(&services)
    }

    // MARK: Going on

    /// Its time has come.
    mutating func goOn(_ services: inout HostileServices) {
        switch (kind, state) {
        case (.slowHead, .asking):
            if !conduit.isFull, !conduit.outgoing.isSending {
                conduit.send(services.octet(sent), &services.station)
            }
            setTimer(after: services.script.interval, &services)
        case (.reset, .asking): end("reset by the tool before an answer", &services)
        case (.reset, .standing): end("reset by the tool after 200", &services)
        case (.halfClose, .standing): end("reset by the tool after 200", &services)
        case (.slowReader, .standing): conduit.receive(isEmpty: false, &services.station)
        default: break
        }
    }

    private func setTimer(after nanoseconds: UInt64, _ services: inout HostileServices) {
        let payload = UInt64(conduit.generation) << 32 | UInt64(conduit.slot)
        services.timers.set(payload, at: services.station.now + nanoseconds)
    }

    // MARK: Receiving

    private mutating func didReceive(
        _ completion: Completion,
        _ services: inout HostileServices
    ) {
        defer { services.station.giveBack(completion) }
        let words = state == .standing ? " after 200" : " without an answer"
        if let bytes = services.station.bytes(completion) {
            if state == .asking { read(bytes, &services) } else { readOn(&services) }
        } else if completion.result == 0 {
            end("closed\(words)", &services)
        } else if completion.result == -Errno.noBuffers {
            conduit.receive(isEmpty: false, &services.station)
        } else {
            end("reset\(words)", &services)
        }
    }

    private mutating func read(_ bytes: Extent, _ services: inout HostileServices) {
        switch bytes.withBytes({ answer.read($0) }) {
        case .incomplete: conduit.receive(isEmpty: true, &services.station)
        case .malformed: end("no answer of HTTP", &services)
        case .complete:
            guard (200...299).contains(answer.status) else {
                let word = answer.word
                let words = word.isEmpty ? "\(answer.status)" : "\(answer.status) \(word)"
                return end("answered \(words)", &services)
            }
            state = .standing
            if kind == .guesser { return end("let in", &services) }
            readOn(&services)
        }
    }

    /// Reads no more for a while, or never again.
    private mutating func readOn(_ services: inout HostileServices) {
        if kind == .slowReader { setTimer(after: services.script.interval, &services) }
    }

    // MARK: Ending

    /// Ends with `words`.
    mutating func end(_ words: String, _ services: inout HostileServices) {
        guard state != .free, state != .closing else { return }
        let life = services.station.now.nanoseconds(since: began)
        services.station.tally.add(kind, words, after: life)
        state = .closing
        guard conduit.socket >= 0 else {
            state = .free
            return
        }
        conduit.terminate(&services.station)
        closeIfQuiet(&services)
    }

    private mutating func closeIfQuiet(_ services: inout HostileServices) {
        if conduit.closeIfQuiet(&services.station) { state = .free }
    }
}
