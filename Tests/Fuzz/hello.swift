import Connect

/// Feeds arbitrary bytes to the parser of ClientHellos and checks what it claims of them.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count).span
    var whole = HelloParser()
    let outcome = whole.parse(bytes)
    require(whole.parse(bytes) == outcome, "an outcome stays")
    checkSplits(bytes, outcome)
    switch outcome {
    case .incomplete:
        require(bytes.count < HelloParser.byteCountMax, "a full hello is never waited for")
    case .complete(let hello):
        require(hello.byteCount <= bytes.count, "a hello is within the bytes")
        require(hello.byteCount >= 50, "a hello has its fixed fields")
        checkFragments(bytes, hello)
    case .refused(let fault):
        checkMore(bytes, fault)
    }
    return 0
}

/// Checks that byte by byte the outcome is the same, and given no later than at the last byte.
private func checkSplits(_ bytes: Span<UInt8>, _ outcome: HelloOutcome) {
    var parser = HelloParser()
    var count = 0
    var early = HelloOutcome.incomplete
    while count < bytes.count, early == .incomplete {
        count += 1
        early = parser.parse(bytes.extracting(0..<count))
    }
    require(early == outcome, "any split gives the same outcome")
    if case .complete(let hello) = outcome {
        require(count == hello.byteCount, "a hello is complete at its last byte")
    }
}

/// Checks that the hello says the same in records of other sizes.
private func checkFragments(_ bytes: Span<UInt8>, _ hello: ClientHello) {
    var message: [UInt8] = []
    var start = 0
    while start < hello.byteCount {
        let end = start + 5 + Int(bytes[start + 3]) << 8 + Int(bytes[start + 4])
        for index in (start + 5)..<end { message.append(bytes[index]) }
        start = end
    }
    for size in [1, 2, 5, 63, 300] {
        var records: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: size) {
            let fragment = message[start..<min(start + size, message.count)]
            records += [22, 3, 3, UInt8(fragment.count >> 8), UInt8(fragment.count & 255)]
            records += fragment
        }
        var parser = HelloParser()
        guard case .complete(let again) = parser.parse(records.span) else {
            require(records.count > HelloParser.byteCountMax, "any fragments give a hello")
            continue
        }
        require(again.serverName == hello.serverName, "fragments don't change the name")
        require(again.isEncrypted == hello.isEncrypted, "fragments hide no encrypted hello")
    }
}

/// Checks that refused bytes stay refused for the same reason, whatever follows.
private func checkMore(_ bytes: Span<UInt8>, _ fault: HelloFault) {
    for tail: [UInt8] in [[0], [22, 3, 1, 0, 1, 0], [UInt8](repeating: 255, count: 70)] {
        var more: [UInt8] = []
        for index in bytes.indices { more.append(bytes[index]) }
        more += tail
        var parser = HelloParser()
        require(parser.parse(more.span) == .refused(fault), "refused stays so")
    }
}

private func require(_ claim: Bool, _ text: StaticString) {
    if !claim { fatalError("not true: \(text)") }
}
