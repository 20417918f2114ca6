import Internet
import Kernel
import Proxy
import Testing

/// Whose credentials are checked first, where more come than can be checked.
@Suite struct QuestionsTests {
    /// Somebody who hasn't been here before, and in whose network nobody has.
    private static let newcomer = Address(v4: 0xc633_6407)
    /// A host of each of these /64, which are all in one /48.
    fileprivate static func site(_ number: Int) -> Address {
        Address(v6: 0x2001_0db8_0001_0000 | UInt64(number), 1)
    }
    /// A host of each of these /24.
    fileprivate static func network(_ number: Int, host: Int = 1) -> Address {
        Address(v4: 0x0a00_0000 | UInt32(number) << 8 | UInt32(host))
    }

    @Test func `those of a client that has failed less come first`() throws {
        let crowd = try Crowd()
        crowd.reputations.fails(Reputations.Key(Self.site(0)), crowd.now)
        for number in [0, 0, 1] { try crowd.ask(Self.site(number)) }
        let order = (0..<3).map { _ in crowd.nextClient() }
        #expect(order == [Self.site(1), Self.site(0), Self.site(0)])
    }

    @Test func `one network of many guessers leaves room, and comes last`() throws {
        let crowd = try Crowd()
        for number in 0..<1024 { #expect(try crowd.ask(Self.site(number))) }
        #expect(try crowd.ask(Self.newcomer))
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `of many networks those that have several guessers leave room, and come last`()
        throws
    {
        let crowd = try Crowd()
        for number in 0..<1024 {
            #expect(try crowd.ask(Self.network(number / 4, host: number % 4)))
        }
        #expect(try crowd.ask(Self.newcomer))
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `a network is known for its guessers when they aren't any more themselves`() throws {
        let crowd = try Crowd()
        for number in 0..<240 {
            crowd.reputations.fails(Reputations.Key(Self.network(number)), crowd.now)
        }
        crowd.pass(seconds: 61)
        for number in 0..<240 { try crowd.ask(Self.network(number)) }
        try crowd.ask(Self.newcomer)
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `beside a client that guesses there is room for another of its network`() throws {
        let crowd = try Crowd()
        for _ in 0..<1024 { try crowd.ask(Self.network(0, host: 1)) }
        #expect(try !crowd.ask(Self.network(0, host: 1)))
        #expect(try crowd.ask(Self.network(0, host: 2)))
    }

    @Test func `a regular comes before guessers from everywhere, for whom there is no room`() throws
    {
        let crowd = try Crowd()
        for number in 0..<1024 { try crowd.ask(Self.network(number)) }
        #expect(try !crowd.ask(Self.newcomer))
        crowd.reputations.succeeds(Reputations.Key(Self.newcomer), crowd.now)
        #expect(try crowd.ask(Self.newcomer))
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `a regular that fails is no better than others`() throws {
        let crowd = try Crowd()
        let regular = Reputations.Key(Self.newcomer)
        crowd.reputations.succeeds(regular, crowd.now)
        crowd.reputations.fails(regular, crowd.now)
        try crowd.ask(Self.newcomer)
        try crowd.ask(Self.network(0))
        #expect(crowd.nextClient() == Self.network(0))
    }

    @Test func `many regulars behind one address give up none to those who aren't`() throws {
        let crowd = try Crowd()
        crowd.reputations.succeeds(Reputations.Key(Self.newcomer), crowd.now)
        for _ in 0..<600 { try crowd.ask(Self.newcomer) }
        for number in 0..<600 { try crowd.ask(Self.network(number)) }
        let order = (0..<600).map { _ in crowd.nextClient() }
        #expect(order.allSatisfy { $0 == Self.newcomer })
    }

    @Test func `who logs in while others wait behind the same address brings them forward`() throws
    {
        let crowd = try Crowd()
        try crowd.ask(Self.newcomer)
        let first = try #require(crowd.next().question)
        for number in 0..<20 { try crowd.ask(Self.network(number)) }
        try crowd.ask(Self.newcomer)
        crowd.reputations.succeeds(first.client, crowd.now)
        let reputation = crowd.reputations.reputation(of: first.client, crowd.now)
        _ = crowd.questions.finish(first, reputation)
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `what nobody waits for any more is dropped`() throws {
        let crowd = try Crowd()
        try crowd.ask(Self.network(0))
        try crowd.ask(Self.network(1))
        crowd.pass(seconds: 6)
        try crowd.askAgain(1)
        try crowd.ask(Self.network(2))
        crowd.pass(seconds: 4)
        let (question, dropped) = crowd.next()
        #expect(dropped == [0])
        #expect(question.flatMap(crowd.client) != nil)
        crowd.pass(seconds: 6)
        #expect(crowd.next().question == nil)
    }

    @Test func `what nobody waits for any more takes no room`() throws {
        let crowd = try Crowd()
        for number in 0..<1024 { try crowd.ask(Self.network(number)) }
        crowd.pass(seconds: 9)
        #expect(try crowd.ask(Self.newcomer))
        crowd.pass(seconds: 1)
        #expect(try crowd.ask(Self.network(2000)))
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `the oldest comes first, but the newest where more wait than can be checked`() throws
    {
        let crowd = try Crowd()
        for number in 0..<10 {
            try crowd.ask(Self.network(number))
            crowd.pass(seconds: 0.1)
        }
        #expect(crowd.nextClient() == Self.network(0))
        crowd.pass(seconds: 5)
        #expect(crowd.nextClient() == Self.network(9))
        try crowd.ask(Self.newcomer)
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `a client's are checked only as far as it may fail`() throws {
        let crowd = try Crowd()
        crowd.failuresMax = 2
        for _ in 0..<3 { try crowd.ask(Self.newcomer) }
        let first = try #require(crowd.next().question)
        #expect(crowd.nextClient() == Self.newcomer)
        #expect(crowd.next().question == nil)
        // Once for the one that could not be looked at.
        #expect(crowd.questions.finish(first, Reputation()) == 1)
        #expect(crowd.nextClient() == Self.newcomer)
    }

    @Test func `what was checked to no use comes first again`() throws {
        let crowd = try Crowd()
        for number in 0..<3 { try crowd.ask(Self.network(number)) }
        let question = try #require(crowd.next().question)
        #expect(crowd.questions.putBack(question) == 1)
        #expect(crowd.nextClient() == Self.network(0))
    }

    /// Who guesses, each time another of so many that no client has failed of late.
    enum Guessers: CaseIterable {
        /// Hosts of as many networks; of a quarter as many; of one.
        case everywhere, inNetworks, inOne

        func client(_ number: Int) -> Address {
            switch self {
            case .everywhere: QuestionsTests.network(number % 1200)
            case .inNetworks: QuestionsTests.network(number % 1200 / 4, host: number % 4)
            case .inOne: QuestionsTests.site(number % 1200)
            }
        }
    }

    /// One thread, which takes a quarter of a second for a check, and five guesses a second.
    @Test(arguments: Guessers.allCases)
    func `newcomers are checked at once beside guesses without end`(_ guessers: Guessers) throws {
        let crowd = try Crowd()
        let start = crowd.now
        var guessCount = 0
        var asked: [Address: Instant] = [:]
        var waits: [UInt64] = []
        while crowd.now < start + 1200 * Crowd.second {
            let elapsed = crowd.now.nanoseconds(since: start)
            while UInt64(guessCount) < elapsed / (Crowd.second / 5) {
                try crowd.ask(guessers.client(guessCount))
                guessCount += 1
            }
            // From when on all of them have failed once, each seven seconds.
            if elapsed > 400 * Crowd.second + UInt64(asked.count) * 7 * Crowd.second {
                let newcomer = Address(v4: 0xc000_0000 | UInt32(asked.count) << 8)
                asked[newcomer] = crowd.now
                #expect(try crowd.ask(newcomer))
            }
            guard let client = crowd.check() else {
                crowd.pass(seconds: 0.05)
                continue
            }
            if let time = asked[client] { waits.append(crowd.now.nanoseconds(since: time)) }
        }
        #expect(asked.count > 100)
        #expect(waits.count >= asked.count - 1)
        #expect(waits.allSatisfy { $0 < 2 * Crowd.second }, "\(waits.max() ?? 0)")
    }
}
