internal import Internet
internal import Kernel
internal import Policy

/// The names of the rules that a tunnel met, kept beside it: the rules themselves may be others by
/// the time it ends.
struct RuleNames {
    /// Bytes that are kept for a tunnel.
    static var byteCount: Int { 2 * size }
    /// A length, and a name.
    private static var size: Int { 1 + Rule.nameBytesMax }

    private let block: Extent

    init(_ block: Extent) { self.block = block }

    /// Forgets all.
    func clear() {
        block[0] = 0
        block[RuleNames.size] = 0
    }

    /// Keeps the names of `decision`, which is one of `rules`.
    func keep(_ decision: Decision, of rules: AccessRules) {
        write(decision.rule.map { rules.names[$0] } ?? "", at: 0)
        write(decision.report.map { rules.names[$0] } ?? "", at: RuleNames.size)
    }

    /// The rule that decided; nil if there was none.
    var rule: Extent? { read(at: 0) }

    /// The rule that reported; nil if there was none.
    var report: Extent? { read(at: RuleNames.size) }

    private func write(_ name: String, at start: Int) {
        var sink = ExtentSink(block.part(start + 1..<start + RuleNames.size))
        sink.append(name)
        block[start] = UInt8(sink.count)
    }

    private func read(at start: Int) -> Extent? {
        let count = Int(block[start])
        return count > 0 ? block.part(start + 1..<start + 1 + count) : nil
    }
}
