internal import CLiburing
internal import Glibc

/// Pipes for splice(2), by direct system calls.
enum Pipe {
    /// A non-blocking pipe of about `capacity` bytes, or less where the kernel's limits for the
    /// user are reached; its ends, or an errno negated in both.
    static func make(capacity: Int) -> PipeEnds {
        var ends: (Int32, Int32) = (-1, -1)
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pair in
                unsafe pipe2(pair, O_NONBLOCK | O_CLOEXEC)
            }
        }
        guard status == 0 else { return PipeEnds(source: -errno, sink: -errno) }
        _ = fcntl(ends.1, CL_F_SETPIPE_SZ, Int32(truncatingIfNeeded: capacity))
        return PipeEnds(source: ends.0, sink: ends.1)
    }
}
