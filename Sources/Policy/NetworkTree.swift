internal import Internet

/// Networks by number.
///
/// Those that contain an address are a chain: each is narrower than its parent. The networks cut
/// the space of addresses into intervals, in each of which the same networks match; a binary
/// search finds the interval, and with it the narrowest network.
struct NetworkTree: Sendable {
    /// The next wider network of each; -1 if there is none.
    private(set) var parents: [Int32]
    private let four: Intervals<UInt32>
    private let six: Intervals<UInt128>

    /// The tree of `networks`, which are numbered in this order, each once.
    init(_ networks: [Prefix]) {
        parents = Array(repeating: -1, count: networks.count)
        let order = networks.indices.sorted { left, right in
            networks[left].length < networks[right].length
        }
        four = Intervals(
            order.filter { networks[$0].network.family == .v4 }.map { index in
                let network = networks[index]
                let start = UInt32(truncatingIfNeeded: network.network.low)
                return (start, start | UInt32.max.shifted(right: network.length), Int32(index))
            },
            &parents
        )
        six = Intervals(
            order.filter { networks[$0].network.family == .v6 }.map { index in
                let network = networks[index]
                let start = UInt128(network.network)
                return (start, start | UInt128.max.shifted(right: network.length), Int32(index))
            },
            &parents
        )
    }

    /// The narrowest network that contains `address`; -1 if none does.
    @inline(__always)
    func network(of address: Address) -> Int32 {
        switch address.family {
        case .v4: four.owner(of: UInt32(truncatingIfNeeded: address.low))
        case .v6: six.owner(of: UInt128(address))
        }
    }
}

/// A line of numbers cut into intervals, each with the narrowest range that covers it.
private struct Intervals<Key: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private var starts: [Key] = []
    private var owners: [Int32] = []

    /// The intervals of `ranges`, whose parents are written into `parents`.
    ///
    /// They are given from wide to narrow; any two lie apart, or one in the other.
    init(_ ranges: [(start: Key, end: Key, number: Int32)], _ parents: inout [Int32]) {
        // The order of ranges with one start, from wide to narrow, has to stay.
        let sorted = ranges.enumerated().sorted {
            ($0.element.start, $0.offset) < ($1.element.start, $1.offset)
        }
        var open: [(end: Key, number: Int32)] = []
        mark(0, -1)
        for (_, range) in sorted {
            while let last = open.last, last.end < range.start { close(&open) }
            parents[Int(range.number)] = open.last?.number ?? -1
            mark(range.start, range.number)
            open.append((range.end, range.number))
        }
        while !open.isEmpty { close(&open) }
    }

    /// The narrowest range that `key` is in; -1 if it is in none.
    @inline(__always)
    func owner(of key: Key) -> Int32 {
        // The first interval starts at 0, so there is always one that starts at or below the key.
        var low = 0
        var count = starts.count
        while count > 1 {
            let half = count / 2
            low = starts[low + half] <= key ? low + half : low
            count -= half
        }
        return owners[low]
    }

    private mutating func close(_ open: inout [(end: Key, number: Int32)]) {
        let last = open.removeLast()
        if last.end < .max { mark(last.end + 1, open.last?.number ?? -1) }
    }

    private mutating func mark(_ start: Key, _ owner: Int32) {
        if starts.last == start {
            owners[owners.count - 1] = owner
        } else {
            starts.append(start)
            owners.append(owner)
        }
    }
}

extension UInt128 {
    /// The bits of an IPv6 address.
    fileprivate init(_ address: Address) {
        self = UInt128(address.high) << 64 | UInt128(address.low)
    }
}

extension FixedWidthInteger {
    /// The value moved `count` bits to the right; nothing of it is left if that is its width.
    fileprivate func shifted(right count: UInt8) -> Self { self >> Self(count) }
}
