import Connect
import Testing

@Suite struct RefusalTests {
    @Test(
        arguments: [
            (.notPlainHTTP, 400, "http_request_error"),
            (.malformedLineEnd, 400, "http_request_error"),
            (.requestLineTooLong, 414, "http_request_error"),
            (.fieldLineTooLong, 431, "http_request_error"),
            (.tooManyFields, 431, "http_request_error"),
            (.headTooLarge, 431, "http_request_error"),
            (.methodNotAllowed, 405, "http_request_error"),
            (.headNotAllowed, 405, "http_request_error"),
            (.methodUnknown, 501, "http_request_error"),
            (.unsupportedVersion, 505, "http_request_error"),
            (.malformedVersion, 400, "http_request_error"),
            (.headTimeout, 408, "http_request_error"),
            (.bodyTimeout, 408, "http_request_error"),
            (.repeatedCredentials, 400, "http_request_error"),
            (.repeatedField, 400, "http_request_error"),
            (.malformedTarget, 400, "http_request_error"),
            (.malformedTunnelRequest, 400, "http_request_error"),
            (.wrongTunnelMethod, 405, "http_request_error"),
            (.bodyLength, 400, "http_request_error"),
            (.bodyCoding, 501, "http_request_error"),
            (.lastCoding, 400, "http_request_error"),
            (.bodyFraming, 400, "http_request_error"),
            (.malformedChunk, 400, "http_request_error"),
            (.bodyTooLarge, 413, "http_request_error"),
            (.credentialsMissing, 407, "http_request_denied"),
            (.credentialsWrong, 407, "http_request_denied"),
            (.tooManyFailures, 429, "http_request_denied"),
            (.tooFast, 429, "http_request_denied"),
            (.userLimit, 429, "connection_limit_reached"),
            (.ruleLimit, 503, "connection_limit_reached"),
            (.noSource, 502, "destination_ip_unroutable"),
            (.proxyLoop, 502, "proxy_loop_detected"),
            (.parentNotFound, 502, "dns_error"), (.parentUnresolved, 504, "dns_timeout"),
            (.parentConnectionRefused, 502, "connection_refused"),
            (.parentConnectTimeout, 504, "connection_timeout"),
            (.parentUnreachable, 503, "destination_unavailable"),
            (.parentLogin, 502, "proxy_configuration_error"),
            (.parentMalformed, 502, "http_protocol_error"),
            (.parentClosed, 502, "http_response_incomplete"),
            (.parentRefused, 502, "destination_unavailable"),
            (.parentTimeout, 504, "http_response_timeout"),
            (.rulesChanged, 503, "destination_unavailable"),
            (.credentialsUnchecked, 503, "connection_limit_reached"),
            (.portNotAllowed, 403, "http_request_denied"),
            (.ruleDenied, 403, "http_request_denied"),
            (.noRuleAllows, 403, "http_request_denied"),
            (.addressDenied, 403, "http_request_denied"),
            (.addressProhibited, 502, "destination_ip_prohibited"),
            (.addressOfNoHost, 502, "destination_ip_prohibited"),
            (.ownListener, 502, "proxy_loop_detected"), (.nameNotFound, 502, "dns_error"),
            (.noAddresses, 502, "dns_error"), (.nameServerFailure, 502, "dns_error"),
            (.resolveTimeout, 504, "dns_timeout"), (.connectionRefused, 502, "connection_refused"),
            (.connectTimeout, 504, "connection_timeout"),
            (.unroutable, 502, "destination_ip_unroutable"),
            (.connectReset, 502, "connection_terminated"),
            (.noSourcePort, 503, "connection_limit_reached"),
            (.tunnelLimit, 503, "connection_limit_reached"),
            (.clientLimit, 503, "connection_limit_reached"),
            (.outOfDescriptors, 503, "connection_limit_reached"),
            (.draining, 503, "connection_limit_reached"),
            (.internalError, 500, "proxy_internal_error"),
        ] as [(Refusal, UInt16, String)]
    )
    func `a refusal has the status and word RFC 9209 gives it`(
        _ refusal: Refusal,
        _ status: UInt16,
        _ word: String
    ) {
        #expect(refusal.status == status)
        #expect(refusal.error.word == word)
    }

    @Test(arguments: Refusal.allCases)
    func `every refusal has a detail that fits into a quoted string`(_ refusal: Refusal) {
        #expect((1...80).contains(refusal.detail.utf8.count))
        for byte in refusal.detail.utf8 {
            #expect((0x20...0x7e).contains(byte))
            #expect(byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\"))
        }
    }

    @Test func `every refusal has its own detail`() {
        #expect(Set(Refusal.allCases.map(\.detail)).count == Refusal.allCases.count)
        #expect(!Refusal.allCases.map(\.detail).contains("malformed request"))
    }

    @Test func `what befalls a parent isn't told as what befell the target`() {
        let faults: [Refusal] = [
            .nameNotFound, .noAddresses, .nameServerFailure, .resolveTimeout, .connectionRefused,
            .connectTimeout, .unroutable, .connectReset,
        ]
        for refusal in Refusal.allCases {
            let ofParent = refusal.ofParent
            #expect((ofParent != refusal) == faults.contains(refusal))
            guard ofParent != refusal else { continue }
            #expect(ofParent.detail.contains("the parent proxy") && ofParent.responseCode == nil)
        }
    }

    @Test func `only name server answers have a response code`() {
        for refusal in Refusal.allCases {
            let expected: String? =
                switch refusal {
                case .nameNotFound: "NXDOMAIN"
                case .noAddresses: "NOERROR"
                default: nil
                }
            #expect(refusal.responseCode == expected)
        }
    }
}
