import Testing

import Resolver

@Suite struct PatienceTests {
    @Test(
        arguments: [
            (5000, 1, 1500, 2), (5000, 2, 833, 2), (5000, 3, 555, 2), (300, 1, 100, 2),
            (60_000, 1, 1500, 5), (60_000, 10, 1500, 2), (2, 3, 1, 1), (0, 1, 1, 1),
        ]
    )
    func `as many tries as fit into a time are made, of each server`(
        milliseconds: Int,
        servers: Int,
        first: Int,
        tries: Int
    ) {
        let most = Patience(firstMilliseconds: 1500, tries: 5)
        let fitted = most.fitted(into: milliseconds, serverCount: servers)
        #expect(fitted == Patience(firstMilliseconds: first, tries: tries))
    }
}
