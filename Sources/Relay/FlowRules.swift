/// How a flow may move bytes.
public struct FlowRules: Equatable, Sendable {
    /// The ways of moving bytes that an operator can choose from.
    public enum Way: UInt8, Sendable {
        /// Copying for messages, splicing for bulk.
        case auto
        /// Only receive and send.
        case copy
        /// Only splicing.
        case splice
    }

    /// The chosen way.
    public var way: Way
    /// Bytes of a receive that is large: moving as many is cheaper by a pipe than by a copy.
    ///
    /// A spliced move of less than half of it is small; two in a row end bulk.
    public var largeSize: Int
    /// Large receives in a row after which a flow is bulk.
    public var promoteAfter: Int

    /// Rules for `way`, where receives of `largeSize` bytes are large.
    public init(way: Way, largeSize: Int, promoteAfter: Int) {
        self.way = way
        self.largeSize = largeSize
        self.promoteAfter = promoteAfter
    }
}
