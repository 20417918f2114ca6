internal import Kernel
internal import TLS

/// TLS of a tunnel, between its streams and its socket.
///
/// What is to be sent is sealed into the slot's block, and the next only when the socket has taken
/// all of that.
extension Conduit {
    /// What received bytes held.
    enum Opened {
        /// Bytes of the stream, until the next are opened.
        case bytes(Extent)
        /// Nothing more for now.
        case nothing
        case failed(String)
    }

    /// Begins TLS on a connection; false if there is no memory for it.
    mutating func secure(_ station: inout Station) -> Bool {
        guard let security = station.security, security.begin(slot) else { return false }
        isSecure = true
        outgoing.needsFarewell = true
        return true
    }

    private func session(_ station: borrowing Station) -> SecureSession {
        guard let security = station.security else { preconditionFailure("nothing is secure here") }
        return security.session(slot)
    }

    // MARK: Receiving

    /// Takes `bytes` from the socket, to be opened.
    func feed(_ bytes: Extent, _ station: borrowing Station) { session(station).feed(bytes) }

    /// Opens what comes next of the stream, or takes the handshake further.
    func open(_ station: borrowing Station) -> Opened {
        guard let memory = station.security?.opened[0] else { return .nothing }
        switch session(station).read(into: memory) {
        case .bytes(let count): return .bytes(memory.part(0..<count))
        case .nothing: return .nothing
        case .failed(let reason): return .failed(reason)
        }
    }

    /// Whether both ends have agreed on their keys.
    func isAgreed(_ station: borrowing Station) -> Bool { session(station).isReady }

    /// Whether the stream that comes may end now: by TLS, its sender must have said so.
    func mayHaveEnded(_ station: borrowing Station) -> Bool {
        !isSecure || session(station).hasReadEnd
    }

    // MARK: Sending

    /// Seals and sends the beginning of `bytes`.
    mutating func seal(_ bytes: Extent, _ station: inout Station) {
        let count = min(bytes.count, Security.writeMax)
        sealedCount = session(station).write(bytes.part(0..<count))
        sendUnsent(&station)
    }

    /// Tells the peer that the stream has ended.
    mutating func bidFarewell(_ station: inout Station) {
        session(station).writeEnd()
        sendUnsent(&station)
    }

    /// Sends what TLS has to say of itself, unless a send is under way, with which it will go.
    mutating func flush(_ station: inout Station) {
        guard isSecure, !outgoing.isSending else { return }
        sendUnsent(&station)
    }

    /// Sends what is sealed and not sent.
    mutating func sendUnsent(_ station: inout Station) {
        guard let block = station.security?.sealed[Int(slot)] else { return }
        if unsent.isEmpty { unsent = 0..<session(station).takeUnsent(into: block) }
        guard !unsent.isEmpty else { return }
        outgoing.isSending = true
        station.queue.send(socket, from: block.part(unsent), token: submitted(.send))
    }

    /// The kernel has taken `count` bytes; how many of the stream that were, or nil if more must be
    /// sent before that is known.
    mutating func didSend(_ count: Int, _ station: inout Station) -> Int? {
        guard !unsent.isEmpty else { return count }
        unsent = unsent.lowerBound + count..<unsent.upperBound
        guard unsent.isEmpty, !session(station).hasUnsent else {
            sendUnsent(&station)
            return nil
        }
        defer { sealedCount = 0 }
        return sealedCount
    }
}
