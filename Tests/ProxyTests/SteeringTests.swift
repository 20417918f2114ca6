import Kernel
import Proxy
import Testing

@Suite struct SteeringTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    /// What is asked for after the last client of a sample, every `interval`th of which is passed
    /// on; before that there may be no wish.
    private func accept(
        _ steering: inout Steering,
        passingOnEvery interval: Int,
        at now: Instant
    ) -> Steering.Wish {
        for number in 1..<Steering.sample {
            let wish = steering.didAccept(passedOn: number % interval == 0, now)
            guard wish == .asBefore else {
                Issue.record("\(wish) after \(number) clients")
                return wish
            }
        }
        return steering.didAccept(passedOn: Steering.sample % interval == 0, now)
    }

    @Test func `clients of the CPU are asked for as long as few are passed on`() {
        var steering = Steering(cpu: 1)
        for _ in 0..<10 {
            #expect(accept(&steering, passingOnEvery: 4, at: start) == .asBefore)
        }
    }

    @Test func `if many are passed on, any clients do for a while`() {
        var steering = Steering(cpu: 1)
        #expect(accept(&steering, passingOnEvery: 4, at: start) == .asBefore)
        #expect(accept(&steering, passingOnEvery: 3, at: start) == .anyClients)
        let end = start + Steering.pause
        let last = Instant(nanoseconds: end.nanoseconds - 1)
        #expect(accept(&steering, passingOnEvery: 2, at: last) == .asBefore)
        #expect(steering.didAccept(passedOn: true, end) == .clients(ofCPU: 1))
        #expect(accept(&steering, passingOnEvery: 4, at: end) == .asBefore)
        #expect(accept(&steering, passingOnEvery: 1, at: end) == .anyClients)
    }
}
