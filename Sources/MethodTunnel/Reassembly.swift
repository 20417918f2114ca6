/// Which bytes of one flow have come: all before `next`, and a few stretches behind gaps.
struct Reassembly: Sendable {
    /// Stretches behind gaps, at most: a sender has one run in flight on each lane.
    static var stretchesMax: Int { 4 }

    private struct Stretch: Sendable, BitwiseCopyable {
        var start: UInt64 = 0
        var end: UInt64 = 0
    }

    /// All bytes before this offset have come.
    private(set) var next: UInt64 = 0
    private var stretches = [4 of Stretch](repeating: Stretch())
    private(set) var stretchCount = 0

    /// How far the bytes from `offset` on have come already; `offset` itself if that one has not.
    func known(from offset: UInt64) -> UInt64 {
        guard offset >= next else { return next }
        for index in 0..<stretchCount
        where stretches[index].start <= offset && offset < stretches[index].end {
            return stretches[index].end
        }
        return offset
    }

    /// Where the next bytes behind `offset` stand that have come already.
    func gapEnd(from offset: UInt64) -> UInt64 {
        for index in 0..<stretchCount where stretches[index].start > offset {
            return stretches[index].start
        }
        return .max
    }

    /// Takes note of the bytes in `range`, of which some may have come before.
    mutating func insert(_ range: Range<UInt64>) throws(Violation) {
        var new = Stretch(start: max(range.lowerBound, next), end: range.upperBound)
        guard new.start < new.end else { return }
        // What touches the new stretch becomes part of it; what is left keeps its order.
        var kept = 0
        var place = 0
        for index in 0..<stretchCount {
            let old = stretches[index]
            if old.end >= new.start, old.start <= new.end {
                new = Stretch(start: min(old.start, new.start), end: max(old.end, new.end))
            } else {
                stretches[kept] = old
                kept += 1
                if old.end < new.start { place = kept }
            }
        }
        stretchCount = kept
        guard new.start > next else {
            next = new.end
            return
        }
        guard kept < Self.stretchesMax else { throw .gaps }
        var index = kept
        while index > place {
            stretches[index] = stretches[index - 1]
            index -= 1
        }
        stretches[place] = new
        stretchCount = kept + 1
    }
}
