internal import Kernel

/// What is kept of each tunnel as text for the journal and the rules.
struct TunnelTexts: ~Copyable {
    /// The authority; only if there are a journal or rules, or tunnels may be forbidden later.
    let authorities: Texts
    /// The user's name; only if there is a gate, and the authority is kept.
    let users: Texts
    /// The rule that decided, and the one that reported; only if there are a journal and rules.
    let rules: Blocks

    /// Room for `slots` tunnels.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(_ slots: Int, _ hasUsers: Bool, _ hasRules: Bool) throws(SystemError) {
        // 253 bytes of name, or an address in brackets, with a port.
        let authorities = try Texts(count: slots, short: 46, long: 262)
        let users = try Texts(count: hasUsers ? slots : 0, short: 30, long: 256)
        let rules = try Blocks(count: hasRules ? slots : 0, blockSize: RuleNames.byteCount)
        self.authorities = authorities
        self.users = users
        self.rules = rules
    }
}

/// A text for each slot, in as little memory as most of them need.
///
/// A short one stands behind its length. A long one stands in memory of its own, of which the
/// system backs only those pages that hold one.
struct Texts: ~Copyable {
    private static var lengthByteCount: Int { 2 }

    private let shorts: Blocks
    private let longs: Blocks

    /// Room for `count` texts of up to `long` bytes, of which those up to `short` take little.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(count: Int, short: Int, long: Int) throws(SystemError) {
        let shorts = try Blocks(count: count, blockSize: Self.lengthByteCount + short)
        let longs = try Blocks(count: count, blockSize: long)
        self.shorts = shorts
        self.longs = longs
    }

    /// How many texts there is room for.
    var count: Int { shorts.count }

    /// The text in `slot`.
    subscript(slot: UInt32) -> Extent {
        let block = shorts[Int(slot)]
        let count = Int(block[0]) << 8 | Int(block[1])
        let end = Self.lengthByteCount + count
        guard end > block.count else { return block.part(Self.lengthByteCount..<end) }
        return longs[Int(slot)].part(0..<count)
    }

    /// Keeps `text` in `slot`.
    func keep(_ text: Extent, in slot: UInt32) {
        keep(in: slot) { sink in
            for index in 0..<text.count { sink.append(text[index]) }
        }
    }

    /// Keeps in `slot` what `write` writes.
    func keep(in slot: UInt32, _ write: (inout ExtentSink) -> Void) {
        let block = shorts[Int(slot)]
        var sink = ExtentSink(block.part(Self.lengthByteCount..<block.count))
        write(&sink)
        if sink.hasOverflowed {
            sink = ExtentSink(longs[Int(slot)])
            write(&sink)
        }
        precondition(!sink.hasOverflowed, "a text is longer than any may be")
        block[0] = UInt8(truncatingIfNeeded: sink.count >> 8)
        block[1] = UInt8(truncatingIfNeeded: sink.count)
    }
}
