import Kernel
import Synchronization
import Testing

@Suite struct ThreadClockTests {
    @Test func `the clock counts what its thread uses, and ends with it`() throws {
        let clock = Mutex<ThreadClock?>(nil)
        let goOn = try Descriptors.makeEvent()
        let isReady = try Descriptors.makeEvent()
        defer {
            Socket.close(goOn)
            Socket.close(isReady)
        }
        let thread = try Thread("busy") {
            clock.withLock { $0 = try? ThreadClock.current() }
            let end = Instant.now() + 20_000_000
            while Instant.now() < end {}
            Descriptors.signal(isReady)
            Descriptors.waitForSignal(goOn)
        }
        Descriptors.waitForSignal(isReady)
        let busy = try #require(clock.withLock { $0 })
        let used = try #require(busy.nanoseconds)
        #expect(used > 0)
        Descriptors.signal(goOn)
        thread.join()
        // Joining may return a moment before the kernel has let go of the thread.
        for _ in 0..<10_000 where busy.nanoseconds != nil { Thread.pause(milliseconds: 1) }
        #expect(busy.nanoseconds == nil)
    }

    @Test func `a thread knows for how long others have kept it from its CPU`() throws {
        let cpu = try #require(Thread.allowedCPUs.first)
        let isOver = Atomic(false)
        let waited = Mutex<UInt64?>(nil)
        let rival = try Thread("rival") {
            try? Thread.pin(to: cpu)
            while !isOver.load(ordering: .relaxed) {}
        }
        let thread = try Thread("busy") {
            try? Thread.pin(to: cpu)
            let waits = ThreadWaits()
            let end = Instant.now() + 30_000_000_000
            while waited.withLock({ $0 ?? 0 }) < 5_000_000, Instant.now() < end {
                waited.withLock { $0 = waits.nanoseconds }
            }
            isOver.store(true, ordering: .relaxed)
        }
        thread.join()
        rival.join()
        #expect(try #require(waited.withLock { $0 }) >= 5_000_000)
    }
}
