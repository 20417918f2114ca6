/// Which way bytes flow through a tunnel.
public enum Direction: UInt8, CaseIterable, Sendable {
    /// From the client to the upstream.
    case outbound
    /// From the upstream to the client.
    case inbound

    /// The other way.
    public var reverse: Direction { self == .outbound ? .inbound : .outbound }

    /// Where its bytes come from.
    public var source: Side { self == .outbound ? .client : .upstream }

    /// Where its bytes go.
    public var sink: Side { reverse.source }
}

/// Who did something to a tunnel.
public enum Side: UInt8, Sendable, BitwiseCopyable {
    case client, upstream, proxy
}

/// Both directions of a tunnel, and the rules for closing it.
///
/// What the kernel reports of one side, and what the other side gets to see:
///
/// | reported                        | the flow from there  | the other side sees | the tunnel    |
/// |---------------------------------|----------------------|---------------------|---------------|
/// | FIN, reverse still open         | ends once delivered  | FIN                 | half-closed   |
/// | FIN, reverse has ended          | ends once delivered  | FIN                 | ends: closed  |
/// | reset or error, no FIN before   | stops                | RST                 | ends: reset   |
/// | a send to it was answered by a  | ends once delivered, | RST                 | ends: reset   |
/// | reset, no FIN before            | or stalled           |                     |               |
/// | reset or error behind its FIN   | ends once delivered  | FIN                 | lingers       |
/// | nothing, until a timer          | stops                | FIN                 | ends: a timer |
/// | bytes, until a timer            | stops                | RST                 | ends: a timer |
/// | no TLS, where it must be        | is reset, unbegun    | FIN (RST if unread) | ends: not-tls |
///
/// A FIN is passed on only after the last byte before it has been delivered. Once a FIN has been
/// sent to a side, that side isn't reset any more: what it was sent may still be on its way. If the
/// other side has broken by then, what it still sends is thrown away for a while (lingers), since
/// bytes that come to a closed socket are answered by a reset. A reset that is passed on waits
/// until the kernel has brought what was sent before it, which it would drop.
public struct Duplex: Equatable, Sendable, BitwiseCopyable {
    /// From the client to the upstream.
    public var outbound = Flow()
    /// From the upstream to the client.
    public var inbound = Flow()

    /// Two flows whose tunnel isn't established.
    public init() {}

    /// The flow of `direction`, in place.
    public subscript(direction: Direction) -> Flow {
        get { direction == .outbound ? outbound : inbound }
        _modify {
            if direction == .outbound { yield &outbound } else { yield &inbound }
        }
    }

    /// Whether one direction has ended and the other hasn't.
    public var isHalfClosed: Bool { (outbound.phase == .ended) != (inbound.phase == .ended) }

    /// Whether both directions have ended.
    public var isClosed: Bool { outbound.phase == .ended && inbound.phase == .ended }

    /// Whether bytes wait that may not be read yet.
    public var isPaused: Bool { outbound.phase == .paused || inbound.phase == .paused }

    /// Whether no byte is on its way in either direction.
    public var isQuiet: Bool {
        outbound.held == 0 && inbound.held == 0 && !outbound.isHeldBack && !inbound.isHeldBack
    }

    /// Whether `side` gets a reset when the tunnel ends by an error: not if it has had its FIN.
    public func resets(_ side: Side) -> Bool {
        switch side {
        case .client: inbound.phase != .ended
        case .upstream: outbound.phase != .ended
        case .proxy: false
        }
    }
}
