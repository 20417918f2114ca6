import Connect

/// Feeds arbitrary bytes to the readers of requests, responses and bodies and checks what they
/// claim.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count).span
    for limits in [HeadLimits(), HeadLimits(lineBytesMax: 48, headBytesMax: 96, fieldsMax: 3)] {
        checkRequest(bytes, limits)
        checkResponse(bytes, limits)
    }
    for limit in [UInt64.max, 20] {
        checkBody(bytes, .chunked, limit)
        checkBody(bytes, .length(17), limit)
        checkBody(bytes, .untilClose, limit)
    }
    return 0
}

private func checkRequest(_ bytes: Span<UInt8>, _ limits: HeadLimits) {
    var whole = RequestHeadParser()
    let outcome = whole.parse(bytes, limits: limits)
    require(whole.parse(bytes, limits: limits) == outcome, "an outcome stays")
    var parser = RequestHeadParser()
    var early = RequestOutcome.incomplete
    var count = 0
    while count < bytes.count, early == .incomplete {
        count += 1
        early = parser.parse(bytes.extracting(0..<count), limits: limits)
    }
    require(early == outcome, "any split gives the same outcome")
    guard case .complete(let head) = outcome else { return }
    require(count == head.byteCount, "a head is complete at its last byte")
    require(head.byteCount <= limits.headBytesMax, "a head is within its limit")
    require(head.body != .untilClose, "a request has an end of its own")
    require(head.minorVersion > 0 || head.body != .chunked, "HTTP/1.0 has no chunks")
    for range in [head.path, head.session ?? 0..<0, head.authorization ?? 0..<0] {
        require(range.upperBound <= head.byteCount, "a part lies within its head")
    }
    for index in head.path {
        require(bytes[index] > 0x20 && bytes[index] < 0x7f, "a path is printable ASCII")
    }
    checkBody(bytes.extracting(head.byteCount..<bytes.count), head.body, 1000)
}

private func checkResponse(_ bytes: Span<UInt8>, _ limits: HeadLimits) {
    var whole = ResponseHeadParser()
    let outcome = whole.parse(bytes, limits: limits)
    var parser = ResponseHeadParser()
    var early = ResponseOutcome.incomplete
    var count = 0
    while count < bytes.count, early == .incomplete {
        count += 1
        early = parser.parse(bytes.extracting(0..<count), limits: limits)
    }
    require(early == outcome, "any split gives the same outcome")
    guard case .complete(let head) = outcome else { return }
    require(count == head.byteCount, "a head is complete at its last byte")
    require((100...599).contains(head.status), "a status has three digits")
}

/// What came of a body.
private struct Body: Equatable {
    var content: [UInt8] = []
    var end: Int?
    var fault: Refusal?
}

private func checkBody(_ bytes: Span<UInt8>, _ framing: BodyFraming, _ limit: UInt64) {
    let whole = body(bytes, framing, limit, step: max(bytes.count, 1))
    require(body(bytes, framing, limit, step: 1) == whole, "any split gives the same body")
    require(UInt64(whole.content.count) <= limit, "a body is within its limit")
    guard let end = whole.end else { return }
    require(end <= bytes.count && whole.content.count <= end, "a body ends within the bytes")
    if case .length(let length) = framing {
        require(whole.content.count == length, "a body has its length")
    }
}

private func body(
    _ bytes: Span<UInt8>,
    _ framing: BodyFraming,
    _ limit: UInt64,
    step: Int
) -> Body {
    var body = Body()
    do throws(Refusal) {
        var reader = try BodyReader(framing, limit: limit)
        var index = 0
        var count = 0
        while true {
            switch try reader.next(bytes.extracting(0..<count), &index) {
            case .content(let range): for at in range { body.content.append(bytes[at]) }
            case .end:
                body.end = index
                return body
            case .none:
                guard count < bytes.count else { return body }
                count = min(count + step, bytes.count)
            }
        }
    } catch {
        // Content before the fault may have been passed on or not, as it was split.
        return Body(fault: error)
    }
}

private func require(_ claim: Bool, _ text: StaticString) {
    if !claim { fatalError("not true: \(text)") }
}
