internal import CLiburing
internal import Glibc

/// The table of open files of the calling thread or process.
public enum Descriptors {
    /// Gives the calling thread a descriptor table of its own, in which only `kept` are open.
    ///
    /// From then on descriptors opened by this thread are unknown to the others, no lock on the
    /// table is shared, and RLIMIT_NOFILE counts for this thread alone. Linux 5.9.
    ///
    /// - Throws: `SystemError` of close_range(2).
    public static func makeOwnTable(keeping kept: [Int32]) throws(SystemError) {
        var first: UInt32 = 0
        // Unsharing and closing happen in one call; the range above the highest may be empty.
        var flags = CL_CLOSE_RANGE_UNSHARE
        for descriptor in kept.sorted() {
            let next = UInt32(bitPattern: descriptor)
            if next > first { try close(first, next - 1, &flags) }
            first = next + 1
        }
        try close(first, UInt32.max, &flags)
    }

    private static func close(
        _ first: UInt32,
        _ last: UInt32,
        _ flags: inout UInt32
    ) throws(SystemError) {
        guard cl_close_range(first, last, flags) == 0 else { throw SystemError("close_range") }
        flags = 0
    }

    /// Puts /dev/null in the place of each standard stream that is closed, where otherwise the next
    /// file or socket that is opened would be.
    ///
    /// It can't be read or written as such a stream is: who does that is told.
    public static func fillStandardStreams() {
        for stream: Int32 in 0...2 where fcntl(stream, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    /// Raises the soft limit of open files to the hard one and says what it is.
    ///
    /// - Throws: `SystemError` of getrlimit(2) or setrlimit(2).
    public static func raiseLimit() throws(SystemError) -> Int {
        var limit = rlimit()
        guard unsafe cl_open_file_limit(&limit) == 0 else {
            throw SystemError("getrlimit")
        }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            guard unsafe cl_set_open_file_limit(&limit) == 0 else { throw SystemError("setrlimit") }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The soft and the hard limit of open files, for each descriptor table.
    public static func limits() -> (soft: Int, hard: Int) {
        var limit = rlimit()
        _ = unsafe cl_open_file_limit(&limit)
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }

    /// An eventfd: a descriptor that wakes its reader when it is written to.
    ///
    /// It is non-blocking: a ring hands a write to any other to a thread of io-wq.
    ///
    /// - Throws: `SystemError` of eventfd(2).
    public static func makeEvent() throws(SystemError) -> Int32 {
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("eventfd") }
        return descriptor
    }

    /// An eventfd that wakes one reader each time that it is written to.
    ///
    /// - Throws: `SystemError` of eventfd(2).
    public static func makeSemaphore() throws(SystemError) -> Int32 {
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_SEMAPHORE))
        guard descriptor >= 0 else { throw SystemError("eventfd") }
        return descriptor
    }

    /// Wakes the reader of the eventfd `descriptor`.
    public static func signal(_ descriptor: Int32) {
        _ = eventfd_write(descriptor, 1)
    }

    /// Waits until the eventfd `descriptor` is written to, and clears it.
    public static func waitForSignal(_ descriptor: Int32) {
        var value: eventfd_t = 0
        while unsafe eventfd_read(descriptor, &value) != 0 {
            guard errno == EAGAIN || errno == EINTR else { return }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&request, 1, -1)
        }
    }
}
