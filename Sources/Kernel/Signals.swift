internal import CLiburing
internal import Glibc

/// Signals, taken one after the other by the main thread instead of interrupting anybody.
public enum Signals {
    /// A signal that the proxy obeys.
    public enum Signal: Sendable {
        case terminate, interrupt, hangUp, status
    }

    /// Blocks the signals in the calling thread and in all that it will start, so that they wait
    /// for `next`; ignores SIGPIPE, which a splice to a closed socket would raise, and SIGXFSZ,
    /// which a journal that has grown to its limit would.
    public static func block() {
        _ = Glibc.signal(SIGPIPE, SIG_IGN)
        _ = Glibc.signal(SIGXFSZ, SIG_IGN)
        var set = mask()
        _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next signal, or until `milliseconds` have passed: then nil.
    public static func next(within milliseconds: Int) -> Signal? {
        var set = mask()
        var limit = timespec(
            tv_sec: milliseconds / 1000,
            tv_nsec: (milliseconds % 1000) * 1_000_000
        )
        switch unsafe sigtimedwait(&set, nil, &limit) {
        case SIGTERM: return .terminate
        case SIGINT: return .interrupt
        case SIGHUP: return .hangUp
        case SIGUSR1: return .status
        default: return nil
        }
    }

    private static func mask() -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { unsafe sigaddset(&set, signal) }
        return set
    }
}
