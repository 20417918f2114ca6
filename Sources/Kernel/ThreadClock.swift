internal import Glibc

/// The CPU time that one thread has used; every thread of the process may read it.
public struct ThreadClock: Sendable {
    private let clock: clockid_t

    /// The clock of the calling thread.
    ///
    /// - Throws: `SystemError` of pthread_getcpuclockid(3).
    public static func current() throws(SystemError) -> ThreadClock {
        var clock = clockid_t()
        let status = unsafe pthread_getcpuclockid(pthread_self(), &clock)
        guard status == 0 else { throw SystemError("pthread_getcpuclockid", code: status) }
        return ThreadClock(clock: clock)
    }

    /// Nanoseconds of CPU that the calling thread has used, user and system.
    public static var ofCaller: UInt64 {
        ThreadClock(clock: CLOCK_THREAD_CPUTIME_ID).nanoseconds ?? 0
    }

    /// Nanoseconds of CPU, user and system; nil once the thread has ended.
    public var nanoseconds: UInt64? {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
