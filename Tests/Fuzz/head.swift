import Connect

/// Feeds arbitrary bytes to the head parser and checks what it claims of them.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count).span
    for limits in [HeadLimits(), HeadLimits(lineBytesMax: 48, headBytesMax: 96, fieldsMax: 3)] {
        check(bytes, limits)
    }
    return 0
}

private func check(_ bytes: Span<UInt8>, _ limits: HeadLimits) {
    var whole = HeadParser()
    let outcome = whole.parse(bytes, limits: limits)
    require(whole.parse(bytes, limits: limits) == outcome, "an outcome stays")
    checkSplits(bytes, limits, outcome)
    switch outcome {
    case .complete(let head):
        require(head.byteCount <= bytes.count, "a head is within the bytes")
        require(head.byteCount <= limits.headBytesMax, "a head is within its limit")
        let end = bytes.extracting((head.byteCount - 4)..<head.byteCount)
        require(
            end[0] == 0x0d && end[1] == 0x0a && end[2] == 0x0d && end[3] == 0x0a,
            "a head ends in CR LF CR LF"
        )
        require(head.minorVersion <= 9, "a minor version is one digit")
        checkAnswer(Refusal.ownListener)
    case .refused(let refusal):
        checkAnswer(refusal)
        checkMore(bytes, limits, refusal)
    case .incomplete:
        require(bytes.count < limits.headBytesMax, "a full head is never waited for")
    }
}

/// Checks that byte by byte the outcome is the same, and given no later than at the last byte.
private func checkSplits(_ bytes: Span<UInt8>, _ limits: HeadLimits, _ outcome: HeadOutcome) {
    var parser = HeadParser()
    var count = 0
    var early = HeadOutcome.incomplete
    while count < bytes.count, early == .incomplete {
        count += 1
        early = parser.parse(bytes.extracting(0..<count), limits: limits)
    }
    require(early == outcome, "any split gives the same outcome")
    if case .complete(let head) = outcome {
        require(count == head.byteCount, "a head is complete at its last byte")
    }
}

/// Checks that a refused head stays refused for the same reason, whatever follows.
private func checkMore(_ bytes: Span<UInt8>, _ limits: HeadLimits, _ refusal: Refusal) {
    for tail in ["\r\n\r\n", "x", "\n", "CONNECT a.b:1 HTTP/1.0\r\n\r\n"] {
        var more: [UInt8] = []
        for index in bytes.indices { more.append(bytes[index]) }
        more.append(contentsOf: tail.utf8)
        var parser = HeadParser()
        require(parser.parse(more.span, limits: limits) == .refused(refusal), "refused stays so")
    }
}

private func checkAnswer(_ refusal: Refusal) {
    var answer: [UInt8] = []
    Answer.write(refusal, name: "fuzz", to: &answer)
    require(answer.count < 1024, "an answer is small")
}

private func require(_ claim: Bool, _ text: StaticString) {
    if !claim { fatalError("not true: \(text)") }
}
