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
}
