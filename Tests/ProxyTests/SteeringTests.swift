import Kernel
import Proxy
import Testing

@Suite struct SteeringTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    /// What is asked for after the last of so many clients, every `interval`th of which is passed
    /// on; before that there may be no change.
    private func accept(
        _ steering: inout Steering,
        _ count: Int = Steering.sample,
        passingOnEvery interval: Int,
        at now: Instant
    ) -> Steering.Change {
        for number in 1..<count {
            let change = steering.didAccept(passedOn: number % interval == 0, now)
            guard change == .nothing else {
                Issue.record("\(change) after \(number) clients")
                return change
            }
        }
        return steering.didAccept(passedOn: count % interval == 0, now)
    }

    @Test func `clients of the CPU are asked for as long as few are passed on`() {
        var steering = Steering(cpu: 1)
        for _ in 0..<10 {
            #expect(accept(&steering, passingOnEvery: 4, at: start) == .nothing)
        }
    }

    @Test func `if many are passed on, any clients do for a while`() {
        var steering = Steering(cpu: 1)
        #expect(accept(&steering, passingOnEvery: 4, at: start) == .nothing)
        #expect(accept(&steering, passingOnEvery: 3, at: start) == .anyClients)
        let end = start + Steering.pause
        let last = Instant(nanoseconds: end.nanoseconds - 1)
        #expect(accept(&steering, passingOnEvery: 2, at: last) == .nothing)
        #expect(steering.didAccept(passedOn: true, end) == .clientsOfCPU)
        #expect(accept(&steering, passingOnEvery: 4, at: end) == .nothing)
        #expect(accept(&steering, passingOnEvery: 1, at: end) == .anyClients)
    }
}
