package import Kernel

/// Gathers an order from the first bytes of a connection, however they come.
package struct OrderReader: Sendable {
    private var words = InlineArray<4, UInt64>(repeating: 0)
    /// Bytes that have come.
    package private(set) var count = 0

    /// A reader that has seen nothing.
    package init() {}

    /// Takes what is missing from the beginning of `bytes`; how many that were.
    package mutating func take(_ bytes: Extent) -> Int {
        let taken = min(bytes.count, Order.byteCount - count)
        for index in 0..<taken {
            words[count / 8] |= UInt64(bytes[index]) << UInt64(count % 8 * 8)
            count += 1
        }
        return taken
    }

    /// Whether all bytes have come.
    package var isComplete: Bool { count == Order.byteCount }

    /// The order; nil if the bytes are none.
    package var order: Order? { isComplete ? Order(words) : nil }
}
