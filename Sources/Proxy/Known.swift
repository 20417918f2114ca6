internal import Kernel

/// What a worker remembers of credentials that were good.
///
/// A worker that remembers nothing has zeroed memory, whose time is long over.
package struct Known: BitwiseCopyable, Sendable {
    var tag: Tag
    var until: Instant
    var version: UInt32
}
