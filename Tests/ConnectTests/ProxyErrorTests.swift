import Connect
import Testing

@Suite struct ProxyErrorTests {
    @Test func `words are tokens, each its own`() {
        let words = ProxyError.allCases.map(\.word)
        #expect(Set(words).count == words.count)
        for word in words {
            #expect(word.allSatisfy { $0.isLowercase || $0 == "_" })
        }
    }

    @Test(
        arguments: [
            (.dnsTimeout, 504), (.dnsError, 502), (.destinationNotFound, 500),
            (.destinationUnavailable, 503), (.destinationProhibited, 502),
            (.destinationUnroutable, 502), (.connectionRefused, 502), (.connectionTerminated, 502),
            (.connectionTimeout, 504), (.connectionReadTimeout, 504),
            (.connectionWriteTimeout, 504),
            (.connectionLimitReached, 503), (.requestError, 400), (.requestDenied, 403),
            (.internalError, 500), (.configurationError, 500), (.loopDetected, 502),
        ] as [(ProxyError, UInt16)]
    )
    func `the recommended status is that of RFC 9209 section 2_3`(
        _ error: ProxyError,
        _ status: UInt16
    ) {
        #expect(error.recommendedStatus == status)
    }
}
