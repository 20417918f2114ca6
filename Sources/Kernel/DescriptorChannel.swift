internal import CLiburing
internal import Glibc

/// Passes descriptors, each with some bytes, from the tables of other threads into that of one
/// thread.
///
/// A descriptor that is passed is a second one of the same open file (SCM_RIGHTS, unix(7)): who
/// passed it still has its own, and closes that.
public struct DescriptorChannel: Sendable {
    /// The end to pass through; any number of threads may, whose tables have it.
    public let entry: Int32
    /// The end to take from.
    public let exit: Int32

    /// A channel whose ends are these.
    package init(entry: Int32, exit: Int32) {
        self.entry = entry
        self.exit = exit
    }

    /// A channel in the table of the calling thread.
    ///
    /// - Throws: `SystemError` of socketpair(2).
    public init() throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let type = CL_SOCK_SEQPACKET | CL_SOCK_CLOEXEC
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
                unsafe socketpair(AF_UNIX, type, 0, $0)
            }
        }
        guard status == 0 else { throw SystemError("socketpair") }
        (entry, exit) = ends
    }
}
