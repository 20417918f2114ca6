internal import CLiburing
internal import Glibc

/// Pipes for splice(2), by direct system calls.
public enum Pipe {
    /// Bytes of a pipe below which to splice costs more than to copy: it has room for 16 pieces.
    private static var usefulSize: Int { 16 * Pages.size }

    /// A non-blocking pipe of about `capacity` bytes, or less where limits of the kernel for the
    /// user are reached; its ends, or an errno negated in both.
    ///
    /// If they leave less than 16 pages of it there is none: a user whose pipes have too many pages
    /// together gets new ones of two (pipe(7), `pipe-user-pages-soft`).
    static func make(capacity: Int) -> PipeEnds {
        var ends: (Int32, Int32) = (-1, -1)
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pair in
                unsafe pipe2(pair, O_NONBLOCK | O_CLOEXEC)
            }
        }
        guard status == 0 else { return PipeEnds(source: -errno, sink: -errno) }
        let least = min(capacity, usefulSize)
        var size = capacity
        while fcntl(ends.1, CL_F_SETPIPE_SZ, Int32(truncatingIfNeeded: size)) < 0 {
            let code = errno
            guard size > least else {
                _ = close(ends.0)
                _ = close(ends.1)
                return PipeEnds(source: -code, sink: -code)
            }
            size = max(size / 2, least)
        }
        return PipeEnds(source: ends.0, sink: ends.1)
    }

    /// Whether this process may have as many pages in pipes as it likes, which takes CAP_SYS_ADMIN
    /// or CAP_SYS_RESOURCE, held in the user namespace that the machine began with.
    public static var isUnbounded: Bool {
        let everyUser = "0 0 4294967295"
        let map = SystemFile.read("/proc/self/uid_map") ?? ""
        guard map.split(whereSeparator: \.isWhitespace).joined(separator: " ") == everyUser,
            let status = SystemFile.read("/proc/self/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let last = line.split(whereSeparator: \.isWhitespace).last,
            let held = UInt64(last, radix: 16)
        else { return false }
        let administration = UInt64(1) << 21
        let resources = UInt64(1) << 24
        return held & (administration | resources) != 0
    }
}
