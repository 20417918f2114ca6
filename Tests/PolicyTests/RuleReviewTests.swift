import Internet
import Policy
import Testing

@Suite struct RuleReviewTests {
    static func rule(_ action: RuleAction, _ change: (inout Rule) -> Void) -> Rule {
        var rule = Rule("rule", action)
        change(&rule)
        return rule
    }

    static func hosts(_ texts: String...) -> [HostPattern] { texts.compactMap { HostPattern($0) } }

    static func networks(_ texts: String...) -> [Prefix] { texts.compactMap { Prefix($0) } }

    static func unreachable(_ rules: [Rule], groups: [String: [String]] = [:]) -> [Int] {
        RuleReview(RuleList(rules, groups: groups), .common).doubts
            .filter { $0.kind == .unreachable }.map(\.rule)
    }

    static func overlaps(_ rules: [Rule], groups: [String: [String]] = [:]) -> [Int] {
        RuleReview(RuleList(rules, groups: groups), .common).doubts
            .filter { $0.kind == .overlap }.map(\.rule)
    }

    @Test func `a rule below one without conditions is unreachable, whatever it does`() {
        let all = Rule("all", .deny)
        for action in RuleAction.allCases {
            let narrow = Self.rule(action) { $0.hosts = Self.hosts("a.test") }
            #expect(Self.unreachable([all, narrow]) == [1])
            #expect(Self.unreachable([narrow, all]) == [])
        }
        #expect(Self.unreachable([Rule("all", .report), all]) == [])
    }

    /// What an earlier rule allows of what a later one denies, found by looking at all pairs.
    @Test func `overlaps are found whatever the rules are filed under`() {
        let values: [(inout Rule) -> Void] = [
            { _ in }, { $0.hosts = Self.hosts("a.test") }, { $0.hosts = Self.hosts("*.test") },
            { $0.hosts = Self.hosts("a.b.test", "x.example") }, { $0.users = ["ana"] },
            { $0.groups = ["staff"] }, { $0.groups = ["others"] }, { $0.users = ["cleo", "ben"] },
            { $0.networks = Self.networks("10.0.0.0/8") },
            { $0.networks = Self.networks("10.1.0.0/16", "11.0.0.0/8") },
            { $0.clients = Self.networks("10.0.0.0/8") },
            { $0.times = [WeekSpan("Mon-Fri")].compactMap { $0 } },
            { $0.times = [WeekSpan("Fri 22:00-06:00")].compactMap { $0 } },
            { $0.times = [WeekSpan("Sun")].compactMap { $0 } }, { $0.ports = [1...100] },
            { $0.ports = [100...443] },
        ]
        let groups = ["staff": ["ana", "ben"], "others": ["cleo"]]
        // Those that match nothing in common.
        let apart: [Set<Int>] = [
            [1, 3], [4, 6], [4, 7], [5, 6], [11, 13], [12, 13],
        ]
        // The second is narrower, so that an earlier one is no exception from it.
        let within: [Set<Int>: Int] = [
            [1, 2]: 1, [5, 4]: 4,
        ]
        for one in values.indices.dropFirst() {
            for other in values.indices.dropFirst() where one != other {
                let pair: Set = [one, other]
                let isException = within[pair] == one
                let isExpected = !apart.contains(pair) && !isException
                let rules = [Self.rule(.allow, values[one]), Self.rule(.deny, values[other])]
                let isUnreachable = Self.unreachable(rules, groups: groups) == [1]
                let found = Self.overlaps(rules, groups: groups) == [1]
                #expect(found == (isExpected && !isUnreachable), "\(one) \(other)")
            }
        }
    }

    @Test func `many rules are reviewed in no time`() {
        let many = 20_000
        let users = (0..<many).map { number in
            Self.rule(number % 2 == 0 ? .allow : .deny) { $0.users = ["user \(number)"] }
        }
        #expect(RuleReview(RuleList(users), .common).doubts == [])
        let times = (0..<many).map { number in
            Self.rule(number < many / 2 ? .allow : .deny) { rule in
                rule.hosts = Self.hosts("h\(number % (many / 2)).test")
                let span = number < many / 2 ? "Mon" : "Tue 08:00-09:00"
                rule.times = [WeekSpan(span)].compactMap { $0 }
            }
        }
        #expect(RuleReview(RuleList(times), .common).doubts == [])
    }

    @Test func `that not all could be compared is told`() {
        let rules = (0..<100).map { number in
            Self.rule(.allow) { rule in
                rule.hosts = Self.hosts("a.test")
                rule.ports = [UInt16(number + 1)...UInt16(number + 1)]
            }
        }
        let all = RuleReview(RuleList(rules), .common, pairsMax: 99 * 50 + 1).doubts
        #expect(all == [])
        let some = RuleReview(RuleList(rules), .common, pairsMax: 99 * 49).doubts
        #expect(some.map(\.kind) == [.unreviewed] && some.map(\.rule) == [98])
    }

    @Test func `each condition must cover`() {
        let changes: [((inout Rule) -> Void, (inout Rule) -> Void)] = [
            ({ $0.hosts = Self.hosts("*.test", "a.b") }, { $0.hosts = Self.hosts("a.test") }),
            (
                { $0.networks = Self.networks("10.0.0.0/8") },
                {
                    $0.networks = Self.networks("10.1.0.0/16", "10.2.0.0/16")
                }
            ),
            ({ $0.clients = Self.networks("::/0") }, { $0.clients = Self.networks("fd00::/8") }),
            ({ $0.groups = ["staff"] }, { $0.users = ["ana"] }),
            ({ $0.ports = [1...100, 101...200] }, { $0.ports = [50...150] }),
            (
                { $0.times = [WeekSpan("Mon-Fri")].compactMap { $0 } },
                {
                    $0.times = [WeekSpan("Tue 08:00-09:00")].compactMap { $0 }
                }
            ),
        ]
        let groups = ["staff": ["ana", "ben"]]
        for (wide, narrow) in changes {
            let wide = Self.rule(.allow, wide)
            let narrow = Self.rule(.deny, narrow)
            #expect(Self.unreachable([wide, narrow], groups: groups) == [1])
            #expect(Self.unreachable([narrow, wide], groups: groups) == [])
            #expect(Self.unreachable([wide, Rule("all", .deny)], groups: groups) == [])
        }
    }

    @Test func `a rule that is covered only by several together is reachable for all we say`() {
        let rules = [
            Self.rule(.allow) { $0.hosts = Self.hosts("a.test") },
            Self.rule(.allow) { $0.hosts = Self.hosts("b.test") },
            Self.rule(.deny) { $0.hosts = Self.hosts("a.test", "b.test") },
        ]
        #expect(Self.unreachable(rules) == [])
    }

    @Test func `a denial is in doubt if a rule before it allows a part of it`() {
        let staff = Self.rule(.allow) { $0.groups = ["staff"] }
        let leak = Self.rule(.deny) { $0.hosts = Self.hosts("leak.test") }
        let groups = ["staff": ["ana"]]
        #expect(Self.overlaps([staff, leak], groups: groups) == [1])
        #expect(Self.overlaps([leak, staff], groups: groups) == [])
        // An exception is meant.
        let all = Rule("all", .deny)
        #expect(Self.overlaps([staff, all], groups: groups) == [])
        let apart = Self.rule(.deny) { $0.users = ["eve"] }
        #expect(Self.overlaps([staff, apart], groups: groups) == [])
    }

    @Test(arguments: [
        ("com", true), ("co.uk", true), ("github.io", true), ("a.compute.amazonaws.com", true),
        ("example.com", false), ("a.github.io", false), ("amazonaws.com", false),
    ])
    func `a suffix under which anybody can have a name is known`(
        _ text: String,
        _ isPublic: Bool
    ) throws {
        #expect(PublicSuffixes.common.contains(try #require(Name(text))) == isPublic)
    }

    @Test func `the list of the system is read`() throws {
        let suffixes = PublicSuffixes(
            parsing: "// comment\n\nmuseum.test // x\n*.kawa.test\n!a.b\n"
        )
        #expect(suffixes.contains(try #require(Name("museum.test"))))
        #expect(suffixes.contains(try #require(Name("x.kawa.test"))))
        #expect(!suffixes.contains(try #require(Name("x.y.kawa.test"))))
        #expect(!suffixes.contains(try #require(Name("a.b"))))
    }
}
