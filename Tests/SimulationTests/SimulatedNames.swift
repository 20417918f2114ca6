import Internet
import Kernel
import Resolver

/// One look-up that isn't answered yet.
struct SimulatedLookUp {
    var life: Int
    var waiter: UInt32
    var answer: NameAnswer
    /// When each family's answer comes.
    var moment6: UInt64
    var moment4: UInt64
    var hasNews = false
}

/// A name service that is slow, fails, or never says a word, as a seed has it.
struct SimulatedNames: NameService, ~Copyable {
    let world: World

    mutating func lookUp(_ name: Name, waiter: UInt32, now: Instant) -> NameAnswer {
        if world.lookUps.contains(where: { $0.waiter == waiter }) {
            world.fail("a waiter asks twice")
        }
        let life = Int(name[1]) - Int(UInt8(ascii: "0"))
        let whole = world.addresses(of: life)
        let now = now.nanoseconds
        var lookUp = SimulatedLookUp(
            life: life,
            waiter: waiter,
            answer: NameAnswer(both: .pending),
            moment6: now + world.delay(),
            moment4: now + world.delay()
        )
        switch world.scenario.lives[life].naming {
        case .literal, .atOnce: return whole
        case .notFound: return NameAnswer(both: .notFound)
        case .silent:
            lookUp.moment6 = .max
            lookUp.moment4 = .max
        case .fourFirst: lookUp.moment6 += 60_000_000
        case .later, .failed: break
        }
        world.lookUps.append(lookUp)
        return lookUp.answer
    }

    func answer(for waiter: UInt32) -> NameAnswer {
        world.lookUps.first { $0.waiter == waiter }?.answer ?? NameAnswer(both: .failed)
    }

    mutating func nextNotice() -> UInt32? {
        guard let index = world.lookUps.firstIndex(where: { $0.hasNews }) else { return nil }
        world.lookUps[index].hasNews = false
        return world.lookUps[index].waiter
    }

    mutating func release(waiter: UInt32) { world.lookUps.removeAll { $0.waiter == waiter } }

    var nextDeadline: Instant? {
        let moment = world.namesMoment
        return moment == .max ? nil : Instant(nanoseconds: moment)
    }

    mutating func deadlinePassed(now: Instant) {
        for index in world.lookUps.indices { world.answer(index, now.nanoseconds) }
    }
}

extension World {
    /// When the name service has something to do; never is the last moment.
    var namesMoment: UInt64 {
        var moment = UInt64.max
        for lookUp in lookUps { moment = min(moment, lookUp.moment6, lookUp.moment4) }
        return moment
    }

    func addresses(of life: Int) -> NameAnswer {
        var six = AddressList()
        var four = AddressList()
        let plan = scenario.lives[life]
        for index in plan.receptions6.indices {
            six.append(Address(v6: 0x2a00_0000_0000_0000, UInt64(life << 8 | index)))
        }
        for index in plan.receptions4.indices {
            four.append(Address(v4: UInt32(20 << 24 | life << 8 | index)))
        }
        return NameAnswer(v6: six, v4: four)
    }

    func answer(_ index: Int, _ now: UInt64) {
        let life = lookUps[index].life
        let whole = addresses(of: life)
        let fails = scenario.lives[life].naming == .failed
        if lookUps[index].moment6 <= now {
            lookUps[index].moment6 = .max
            lookUps[index].answer.v6 = fails ? .failed : whole.v6
            if !fails { lookUps[index].answer.v6Addresses = whole.v6Addresses }
            lookUps[index].hasNews = true
        }
        if lookUps[index].moment4 <= now {
            lookUps[index].moment4 = .max
            lookUps[index].answer.v4 = fails ? .timedOut : whole.v4
            if !fails { lookUps[index].answer.v4Addresses = whole.v4Addresses }
            lookUps[index].hasNews = true
        }
    }
}
