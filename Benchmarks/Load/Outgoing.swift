/// The stream that leaves on a socket: decides what is sent next, and when it ends.
struct Outgoing: Equatable, Sendable {
    /// What is to be done next.
    enum Step: Equatable {
        case none
        /// Send so many bytes from where the stream stands.
        case send(Int)
        /// All is sent: tell the peer by TLS.
        case farewell
        /// All is sent: end the stream.
        case shutdown
    }

    /// Where in the pattern the stream begins.
    var start: UInt32 = 0
    /// Bytes that the kernel has taken.
    private(set) var sent: UInt64 = 0
    /// Bytes that may be sent by now.
    var ready: UInt64 = 0
    /// Bytes of the whole stream.
    var end = Order.unlimited
    /// Bytes of one send, at most.
    var sendMax = Pattern.sliceMax
    /// Whether a send is under way.
    var isSending = false
    /// Whether the stream has been ended.
    private(set) var hasEnded = false
    /// Whether the peer is to be told of the end by TLS before the stream is ended.
    var needsFarewell = false
    private var stops = false

    /// The next step, which the caller takes.
    mutating func next() -> Step {
        guard !isSending, !hasEnded else { return .none }
        if sent < min(ready, end) {
            isSending = true
            return .send(Int(min(min(ready, end) - sent, UInt64(sendMax))))
        }
        guard sent == end else { return .none }
        if needsFarewell {
            needsFarewell = false
            isSending = true
            return .farewell
        }
        hasEnded = true
        return .shutdown
    }

    /// The first `count` bytes go another way.
    mutating func skip(_ count: Int) { sent += UInt64(count) }

    /// The kernel has taken `count` bytes.
    mutating func didSend(_ count: Int) {
        isSending = false
        sent += UInt64(count)
        if stops { end = sent }
    }

    /// Ends the stream after what has been sent, or is being sent, by now.
    mutating func stop() {
        stops = true
        if !isSending { end = sent }
    }

    /// Ends the stream after all that may be sent by now.
    mutating func finish() { end = ready }
}
