/// What a tunnel of a mix is like.
package enum Kind: UInt8, CaseIterable, Sendable {
    /// One message there and back.
    case short
    /// Several messages, with time to think between them.
    case chatty
    /// A stream up, down or both.
    case bulk
    /// Nothing for a while, then one message.
    case idle

    /// The kind as it is written.
    package var name: String { "\(self)" }
}
