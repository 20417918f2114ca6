import Connect
import Internet

/// Feeds arbitrary bytes to the authority and address readers and checks what they claim.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count).span
    if let authority = Authority(parsing: bytes, in: 0..<bytes.count) {
        checkAuthority(authority, bytes)
    }
    if let address = Address(parsing: bytes, in: 0..<bytes.count) {
        let text = address.description
        require(Address(text) == address, "an address's text reads back equal")
        require(Address(text)?.description == text, "an address's text is canonical")
        require(Name(parsing: bytes, in: 0..<bytes.count) == nil, "an address is no name")
    }
    if let name = Name(parsing: bytes, in: 0..<bytes.count) {
        require(Name(name.description) == name, "a name's text reads back equal")
        require(name.count >= 1 && name.count <= 253, "a name has 1 to 253 bytes")
        require(bytes.count - name.count <= 1, "a name drops one dot at most")
        for index in 0..<name.count {
            require(name[index] | 0x20 == bytes[index] | 0x20, "a name changes only case")
        }
    }
    return 0
}

private func checkAuthority(_ authority: Authority, _ bytes: Span<UInt8>) {
    var text: [UInt8] = []
    authority.write(to: &text)
    let again = Authority(parsing: text.span, in: text.indices)
    require(again == authority, "an authority's text reads back equal")
    require(again?.hashValue == authority.hashValue, "equal authorities hash alike")
    require(authority.port > 0, "a port is never 0")
    require(text.count <= 253 + 6, "an authority's text is bounded")
    var last: UInt8 = 0
    for index in bytes.indices {
        require(bytes[index] > 0x20 && bytes[index] < 0x7f, "an authority is printable ASCII")
        last = bytes[index]
    }
    require(text.last == last, "a port ends as it was sent")
    if case .address(let address) = authority.host {
        require(address.unmapped == address, "a mapped address becomes IPv4")
    }
}

private func require(_ claim: Bool, _ text: StaticString) {
    if !claim { fatalError("not true: \(text)") }
}
