package import Internet

/// What the tunnels of a run are for.
package enum Scenario: String, CaseIterable, Sendable {
    /// Correctness: streams of random sizes both ways, byte for byte.
    case verify
    /// Many idle tunnels at once, each proved alive at the end.
    case hold
    /// Tunnels that are opened, used for one message, and closed.
    case rate
    /// Messages that go back and forth.
    case echo
    /// Streams as fast as they go.
    case bulk

    /// Whether all tunnels are opened first, and stand idle until then.
    var standsIdle: Bool { self == .hold || self == .echo }

    /// Whether tunnels come and go all the time.
    var isStreaming: Bool { self == .verify || self == .rate }

    /// Whether each tunnel carries messages that come back.
    var isEcho: Bool { self == .hold || self == .echo || self == .rate }
}

/// Which way the streams of a bulk run go.
package enum Direction: String, CaseIterable, Sendable {
    case up, down, both

    var hasUp: Bool { self != .down }
    var hasDown: Bool { self != .up }
}

/// How a tunnel reaches the origin.
package enum Route: Equatable, Sendable {
    /// Asks the proxy there to CONNECT.
    case proxy(Endpoint)
    /// Connects to the origin itself.
    case direct
    /// Connects to a relay there that knows where the origin is.
    case relay(Endpoint)
}
