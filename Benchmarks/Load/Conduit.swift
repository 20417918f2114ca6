internal import Internet
internal import Kernel

/// One end of a tunnel: a socket, the stream that leaves on it, and the stream that is due on it.
///
/// `inFlight` counts what the kernel still holds; the socket is closed only when that is zero.
struct Conduit {
    let slot: UInt32
    private(set) var generation: UInt16 = 0
    private(set) var socket: Int32 = -1
    private(set) var inFlight: UInt32 = 0
    var outgoing = Outgoing()
    var incoming = Incoming()
    /// When something last moved.
    var lastProgress = Instant(nanoseconds: 0)
    private var isCancelling = false
    /// What it waits for on the way in: a connect, bytes, or that something comes.
    private var awaited: Operation?
    /// Whether the last send found no room, and whether the kernel tells when there is some.
    private(set) var isFull = false
    private var watchesRoom = false
    /// Whether bytes go through TLS, how many of the stream are sealed in what is being sent, and
    /// what of the slot's block is not sent yet.
    var isSecure = false
    var sealedCount = 0
    var unsent = 0..<0

    init(slot: UInt32) { self.slot = slot }

    /// Begins anew on `socket`.
    mutating func begin(_ socket: Int32, now: Instant) {
        precondition(inFlight == 0, "the kernel still holds something of the last life")
        generation &+= 1
        self.socket = socket
        outgoing = Outgoing()
        incoming = Incoming()
        lastProgress = now
        isCancelling = false
        awaited = nil
        isFull = false
        watchesRoom = false
        isSecure = false
        sealedCount = 0
        unsent = 0..<0
    }

    /// A submission has completed.
    mutating func completed(_ operation: Operation, _ completion: Completion) {
        precondition(inFlight > 0, "a completion came that nobody waits for")
        guard !completion.hasMore else { return }
        inFlight -= 1
        if operation == .room { watchesRoom = false }
        if operation == awaited { awaited = nil }
    }

    /// The token for a submission, which is counted as in flight.
    mutating func submitted(_ operation: Operation) -> UInt64 {
        inFlight += 1
        return token(operation)
    }

    private func token(_ operation: Operation) -> UInt64 {
        Token(operation, generation: generation, slot: slot).rawValue
    }

    /// Connects to `target`.
    mutating func connect(to target: Endpoint, _ station: inout Station) {
        awaited = .connect
        station.queue.connect(socket, to: target, token: submitted(.connect))
    }

    // MARK: Sending

    /// Takes the next step of the outgoing stream; false if the peer is gone.
    mutating func pump(_ station: inout Station) -> Bool {
        // An end needs no room.
        guard !isFull || outgoing.sent == outgoing.end else { return true }
        switch outgoing.next() {
        case .none: return true
        case .send(let count):
            let bytes = station.pattern.slice(
                start: outgoing.start,
                position: outgoing.sent,
                count: count
            )
            send(bytes, &station)
            return true
        case .farewell:
            bidFarewell(&station)
            return true
        case .shutdown:
            stopWatchingRoom(&station)
            return station.queue.shutdownSending(socket) == 0
        }
    }

    /// Sends what there is room for of `bytes`.
    mutating func send(_ bytes: Extent, _ station: inout Station) {
        precondition(!isFull, "it is known that there is no room")
        outgoing.isSending = true
        guard !isSecure else { return seal(bytes, &station) }
        station.queue.send(socket, from: bytes, token: submitted(.send))
    }

    /// A send found no room: `roomAppeared` will be called for.
    mutating func awaitRoom(_ station: inout Station) {
        // What is sealed can't be sealed again.
        outgoing.isSending = !unsent.isEmpty
        isFull = true
        guard !watchesRoom else { return }
        watchesRoom = true
        station.queue.watch(socket, events: .writable, token: submitted(.room))
    }

    /// There may be room again.
    mutating func roomAppeared(_ station: inout Station) {
        // The watch goes on: it may tell of room while a send is under way.
        guard isFull else { return }
        isFull = false
        if !unsent.isEmpty { sendUnsent(&station) }
    }

    private mutating func stopWatchingRoom(_ station: inout Station) {
        if watchesRoom { cancel(.room, &station) }
    }

    private mutating func cancel(_ operation: Operation, _ station: inout Station) {
        station.queue.cancel(token(operation), token: submitted(.cancel))
    }

    // MARK: Receiving

    /// Waits for the next bytes; `isEmpty` says that there are none yet.
    mutating func receive(isEmpty: Bool, _ station: inout Station) {
        let token = submitted(.receive)
        awaited = .receive
        station.receive(socket, isEmpty: isEmpty, token: token)
    }

    /// Waits until something comes, without a buffer or the memory of a receive.
    mutating func watch(_ station: inout Station) {
        awaited = .watch
        station.queue.poll(socket, events: .readable, token: submitted(.watch))
    }

    // MARK: Closing

    /// Counts a tunnel that ended well.
    func countWell(_ counters: Counters) {
        counters.finished.add()
        counters.sentWell.add(Int(outgoing.sent))
        counters.receivedWell.add(Int(incoming.received))
    }

    /// Breaks the connection: cancels what the kernel waits for, and makes the close a reset.
    ///
    /// A send never waits. Cancelling by descriptor would have the kernel look at every poll of the
    /// ring.
    mutating func terminate(_ station: inout Station) {
        guard !isCancelling else { return }
        isCancelling = true
        station.queue.makeAbortive(socket)
        if awaited == .receive, station.giveUpReceive(token(.receive)) {
            inFlight -= 1
            awaited = nil
        }
        if let awaited { cancel(awaited, &station) }
        stopWatchingRoom(&station)
    }

    /// Closes if the kernel holds nothing any more; whether it does.
    mutating func closeIfQuiet(_ station: inout Station) -> Bool {
        guard inFlight == 0 else { return false }
        station.queue.close(socket, token: Token(.close).rawValue)
        socket = -1
        if isSecure { station.security?.end(slot) }
        isSecure = false
        return true
    }
}
