/// A blend of tunnels: how many of each kind are there at once, and how they behave.
///
/// What has a range is drawn from it anew each time, each order of magnitude as likely as the next.
package struct Mix: Equatable, Sendable {
    /// Percent of the tunnels that are of each kind; those that are left out have none.
    package var shares: [Kind: Int] = [.short: 60, .chatty: 25, .bulk: 5, .idle: 10]
    /// Nanoseconds between two messages, and between the end of a tunnel and the next in its place.
    package var think: ClosedRange<UInt64> = 10_000_000...2_000_000_000
    /// Bytes of a message.
    package var size: ClosedRange<UInt64> = 64...65536
    /// Messages of a chatty tunnel.
    package var messages: ClosedRange<UInt64> = 2...50
    /// Bytes of a bulk stream.
    package var stream: ClosedRange<UInt64> = 1 << 20...64 << 20
    /// Nanoseconds that an idle tunnel stands.
    package var stand: ClosedRange<UInt64> = 1_000_000_000...30_000_000_000

    /// The defaults, which flags may change.
    package init() {}

    /// The kinds of `count` tunnels, those of one kind in a row; shares that don't come out even
    /// are rounded, but together they are `count`.
    package func places(_ count: Int) -> [Kind] {
        var result: [Kind] = []
        var percent = 0
        for kind in Kind.allCases {
            percent += shares[kind] ?? 0
            let end = count * percent / 100
            result += Array(repeating: kind, count: max(end - result.count, 0))
        }
        return result
    }
}
