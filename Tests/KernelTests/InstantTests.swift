import Kernel
import Testing

@Suite struct InstantTests {
    @Test(
        arguments: [
            (nil, nil, nil), (1, nil, 1), (nil, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 2),
        ] as [(UInt64?, UInt64?, UInt64?)]
    )
    func `the earlier of two points is found, be one unknown`(
        one: UInt64?,
        other: UInt64?,
        earlier: UInt64?
    ) {
        let found = Instant.earlier(
            one.map(Instant.init(nanoseconds:)),
            other.map(Instant.init(nanoseconds:))
        )
        #expect(found == earlier.map(Instant.init(nanoseconds:)))
    }
}
