/// How a hostile client behaves.
package enum Hostility: String, CaseIterable, Sendable {
    /// Connects and says nothing.
    case silent
    /// Sends the octets of a head one by one, and never its end.
    case slowHead = "slow-head"
    /// Sends fields without end.
    case oversizedHead = "oversized-head"
    /// Sends FIN: in the middle of the head, or behind it while a stream is to come that it won't
    /// read.
    case halfClose = "half-close"
    /// Asks for a tunnel and resets the connection, before the answer or after.
    case reset
    /// Asks for a stream without end and reads a little of it now and then.
    case slowReader = "slow-reader"
    /// Asks with a wrong password, another each time.
    case guesser
}
