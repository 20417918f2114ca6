internal import Connect
internal import Policy
internal import Relay

/// Why a tunnel ended, and who ended it: decided once, told once.
struct Ending: Equatable {
    /// The causes that aren't refusals.
    enum Cause: UInt8 {
        /// Both sides ended in order.
        case closed
        /// One side reset the connection, or it broke.
        case reset
        /// No byte for the idle timeout.
        case idleTimeout
        /// One direction had ended, and no byte came on the other.
        case halfClosedTimeout
        /// The total lifetime was over.
        case lifetime
        /// It has moved as many bytes as its rule lets it.
        case ruleBytes
        /// It has lived for as long as its rule lets it.
        case ruleLifetime
        /// The server drains, and the tunnel was idle or its time was over.
        case drained
        /// The server was told to stop at once.
        case stopped
        /// The client left before it had been answered, or before it had shown that it speaks TLS.
        case clientLeft
        /// The session of the stream has ended.
        case sessionEnded
        /// The rules or users were read again, and forbid it.
        case forbidden
        /// The request was refused.
        case refused
        /// The parent proxy has refused the request.
        case parentRefused
        /// The request was granted, but the first bytes were not the TLS that they had to be.
        case tlsRefused
    }

    var cause: Cause
    var side: Side
    /// Why the request was refused, if it was.
    var refusal: Refusal?
    /// What was wrong with the first bytes, if that was why.
    var tls: TLSRefusal?
    /// The status that was passed on, if the parent proxy refused; else 0.
    var status: UInt16 = 0
    /// Whether it ended while more was on its way.
    var cutsOff = false
    /// The errno behind a reset; 0 if there is none.
    var code: Int32 = 0

    /// The word of the journal: for a refusal the same as in Proxy-Status.
    var word: String {
        switch cause {
        case .closed: "closed"
        case .reset: "reset"
        case .idleTimeout: "idle_timeout"
        case .halfClosedTimeout: "half_closed_timeout"
        case .lifetime: "lifetime"
        case .ruleBytes: "rule_bytes"
        case .ruleLifetime: "rule_lifetime"
        case .drained: "drained"
        case .stopped: "stopped"
        case .clientLeft: "client_left"
        case .sessionEnded: "session_ended"
        case .forbidden: "policy_changed"
        case .refused: refusal?.error.word ?? "proxy_internal_error"
        case .parentRefused: "parent_refused"
        case .tlsRefused: tls?.word ?? "proxy_internal_error"
        }
    }

    /// The sentence of the journal; empty where the word says all.
    var detail: String { refusal?.detail ?? tls?.detail ?? "" }
}
