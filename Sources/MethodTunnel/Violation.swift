/// A rule of the format that the other end has broken; it ends the session.
public enum Violation: UInt8, Error, CaseIterable, Sendable {
    /// A frame of an unknown type, or with a part that its type doesn't have.
    case malformedFrame
    /// A frame that only the other role sends.
    case wrongRole
    /// A frame of a stream that was never opened.
    case unknownStream
    /// DATA beyond the window of the stream.
    case streamWindow
    /// DATA beyond the window of the session.
    case sessionWindow
    /// DATA beyond the end of its flow, or an end before bytes that were sent.
    case beyondEnd
    /// More gaps in a stream than there are lanes.
    case gaps
    /// Bytes acknowledged that were never sent.
    case neverSent
    /// A stream opened again with another authority.
    case otherAuthority
    /// A lane or slot that was not agreed on.
    case outOfRange
}
