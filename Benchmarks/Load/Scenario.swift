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
    /// A blend of tunnels of several kinds.
    case mix
    /// Messages that go back and forth, without and with hostile clients beside them.
    case hostile

    /// Whether all tunnels are opened first, and stand idle until then.
    package var standsIdle: Bool { self == .hold || self == .echo }

    /// Whether tunnels come and go all the time.
    package var isStreaming: Bool { [.verify, .rate, .mix].contains(self) }
}
