package import Kernel

/// The memory of a pattern, written once; it must outlive all workers.
package final class PatternText: Sendable {
    private let memory: Blocks

    /// Writes the text.
    ///
    /// - Throws: `SystemError` of mmap(2).
    package init() throws(SystemError) {
        let length = Int(Pattern.length)
        memory = try Blocks(count: 1, blockSize: length + Pattern.sliceMax)
        let text = memory[0]
        var random = Random(0)
        for index in 0..<length {
            text[index] = UInt8(truncatingIfNeeded: random.next() >> 32)
        }
        // A slice that reaches the end goes on from the beginning.
        text.part(0..<Pattern.sliceMax).copy(to: text.part(length..<length + Pattern.sliceMax))
    }

    /// The text, for use while this object lives.
    package var pattern: Pattern { Pattern(memory[0]) }
}
