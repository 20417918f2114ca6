internal import CLiburing
internal import Glibc

/// A thread of the system that runs one body.
@safe public struct Thread: ~Copyable {
    private let handle: pthread_t

    /// Starts a thread with `name` (at most 15 bytes) that runs `body`.
    ///
    /// - Throws: `SystemError` of pthread_create(3).
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var handle = pthread_t()
        let status = unsafe pthread_create(
            &handle,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                _ = unsafe body.name.withCString { unsafe pthread_setname_np(pthread_self(), $0) }
                body.run()
                return nil
            },
            box.toOpaque()
        )
        guard status == 0 else {
            unsafe box.release()
            throw SystemError("pthread_create", code: status)
        }
        self.handle = handle
    }

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(handle, nil)
    }

    /// Binds the calling thread to `cpu`.
    ///
    /// - Throws: `SystemError` of pthread_setaffinity_np(3), if there is no such CPU.
    public static func pin(to cpu: Int) throws(SystemError) {
        let status = cl_pin_thread(Int32(truncatingIfNeeded: cpu))
        guard status == 0 else { throw SystemError("pthread_setaffinity_np", code: status) }
    }

    /// The CPUs that the calling thread may run on, in order.
    public static var allowedCPUs: [Int] {
        var set = [UInt](repeating: 0, count: 1024)
        let size = UInt(set.count * MemoryLayout<UInt>.stride)
        let written = unsafe set.withUnsafeMutableBufferPointer { words in
            unsafe cl_allowed_cpus(words.baseAddress, size)
        }
        return (0..<max(written, 0) * 8).filter { cpu in
            set[cpu / UInt.bitWidth] >> (cpu % UInt.bitWidth) & 1 != 0
        }
    }

    /// Has waits of the calling thread end as soon as their time is over, to which the kernel adds
    /// 50 microseconds otherwise, to wake several threads at once.
    public static func makeWaitsExact() {
        _ = cl_set_timer_slack(1)
    }

    /// Lets threads of ordinary priority go before the calling one.
    public static func yieldToOthers() {
        // PRIO_PROCESS of 0 is the calling thread alone (Linux).
        _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
    }

    /// Sleeps.
    ///
    /// Not for workers.
    public static func pause(milliseconds: UInt32) {
        usleep(milliseconds * 1000)
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
