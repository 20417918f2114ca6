internal import Glibc

/// For how long one thread has been ready to run and has waited for a CPU that others used.
@safe public struct ThreadWaits: ~Copyable {
    /// The thread's file in /proc; negative where there is none.
    private let descriptor: Int32

    /// Those of the calling thread.
    public init() {
        let flags = O_RDONLY | O_CLOEXEC
        descriptor = unsafe Glibc.open("/proc/thread-self/schedstat", flags)
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Nanoseconds, without a wait that goes on; nil where the kernel doesn't tell: its /proc is
    /// hidden, or it was built without CONFIG_SCHED_INFO.
    public var nanoseconds: UInt64? {
        var text = InlineArray<64, UInt8>(repeating: 0)
        var span = text.mutableSpan
        let count = unsafe span.withUnsafeMutableBytes { bytes in
            unsafe pread(descriptor, bytes.baseAddress, bytes.count, 0)
        }
        guard count > 0 else { return nil }
        // Nanoseconds of CPU, those of waiting, and how often it ran.
        var spaces = 0
        var second: UInt64 = 0
        for place in 0..<count {
            let byte = text[place]
            if byte == UInt8(ascii: " ") {
                spaces += 1
            } else if spaces == 1 {
                second = second * 10 + UInt64(byte - UInt8(ascii: "0"))
            }
        }
        return spaces == 2 ? second : nil
    }
}
