package import Internet
package import Kernel

/// Writes one JSON object on one line, without allocating.
package struct JSONLine: ByteSink {
    private var sink: ExtentSink
    private var isFirst = true

    /// A line that is written into `extent`.
    init(_ extent: Extent) {
        sink = ExtentSink(extent)
        sink.append(UInt8(ascii: "{"))
    }

    package mutating func append(_ byte: UInt8) {
        sink.append(byte)
    }

    /// Ends the line; its bytes, or nil if the extent was too small.
    mutating func finish() -> Int? {
        sink.append("}\n")
        return sink.hasOverflowed ? nil : sink.count
    }

    /// Begins a member; its value follows.
    mutating func key(_ name: String) {
        if !isFirst { sink.append(UInt8(ascii: ",")) }
        isFirst = false
        sink.append(UInt8(ascii: "\""))
        sink.append(name)
        sink.append("\":")
    }

    package mutating func member(_ name: String, _ number: UInt64) {
        key(name)
        sink.append(decimal: number)
    }

    package mutating func member(_ name: String, _ word: String) {
        key(name)
        quote { $0.append(word) }
    }

    package mutating func member(_ name: String, _ endpoint: Endpoint?) {
        key(name)
        guard let endpoint else { return sink.append("null") }
        quote { endpoint.write(to: &$0) }
    }

    /// A member whose value is `text`, which is UTF-8, escaped as need be (RFC 8259 section 7).
    package mutating func member(_ name: String, _ text: Extent?) {
        key(name)
        guard let text else { return sink.append("null") }
        quote { sink in
            for index in 0..<text.count {
                let byte = text[index]
                if byte < 0x20 {
                    sink.append("\\u00")
                    sink.append(UInt8(ascii: "0") + byte / 16)
                    let digit = byte % 16
                    sink.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                    continue
                }
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { sink.append("\\") }
                sink.append(byte)
            }
        }
    }

    /// A member whose value `write` writes between quotes: text that needs no escaping.
    package mutating func quoted(_ name: String, _ write: (inout ExtentSink) -> Void) {
        key(name)
        quote(write)
    }

    private mutating func quote(_ write: (inout ExtentSink) -> Void) {
        sink.append(UInt8(ascii: "\""))
        write(&sink)
        sink.append(UInt8(ascii: "\""))
    }

    /// RFC 3339, UTC, microseconds.
    package mutating func member(_ name: String, _ time: WallTime) {
        key(name)
        quote { time.write(to: &$0) }
    }
}
