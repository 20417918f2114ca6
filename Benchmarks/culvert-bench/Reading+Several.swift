internal import ArgumentParser
internal import Load
internal import Proxy

/// Readers of ranges, one value or two with a hyphen between them, and of lists.
extension Reading {
    /// Durations within `limits`.
    static func durations(_ limits: ClosedRange<UInt64>) -> Reader<ClosedRange<UInt64>> {
        let low = Quantities.text(nanoseconds: limits.lowerBound)
        let high = Quantities.text(nanoseconds: limits.upperBound)
        let words = "a duration or two (250ms, 10ms-2s) from \(low) to \(high)"
        return range(limits, words) { $0 == "0" ? 0 : Quantities.nanoseconds($0) }
    }

    /// Sizes within `limits`.
    static func sizes(_ limits: ClosedRange<UInt64>) -> Reader<ClosedRange<UInt64>> {
        let low = Quantities.text(bytes: Int(limits.lowerBound))
        let high = Quantities.text(bytes: Int(limits.upperBound))
        let words = "a size or two (4KiB, 64B-64KiB) from \(low) to \(high)"
        return range(limits, words) { Quantities.bytes($0).map { UInt64($0) } }
    }

    /// Whole numbers within `limits`.
    static func counts(_ limits: ClosedRange<UInt64>) -> Reader<ClosedRange<UInt64>> {
        let words =
            "a whole number or two (5, 2-50) from \(limits.lowerBound) to \(limits.upperBound)"
        return range(limits, words) { Quantities.number($0[...]) }
    }

    private static func range(
        _ limits: ClosedRange<UInt64>,
        _ words: String,
        _ read: @escaping @Sendable (String) -> UInt64?
    ) -> Reader<ClosedRange<UInt64>> {
        { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
                .map { read(String($0)) }
            if (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
                low <= high, limits.contains(low), limits.contains(high)
            {
                return low...high
            }
            throw ValidationError("allowed is \(words), the lesser first.")
        }
    }

    /// Percentages of the kinds of a mix.
    static func shares(_ text: String) throws -> [Kind: Int] {
        var shares: [Kind: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let kind = Kind.allCases.first(where: { $0.name == sides[0] }),
                shares[kind] == nil, let percent = Quantities.number(sides[1]), percent <= 100
            else { throw sharesError }
            shares[kind] = Int(percent)
        }
        guard shares.values.reduce(0, +) == 100 else { throw sharesError }
        return shares
    }

    /// Behaviours of hostile clients, each once.
    static func hostilities(_ text: String) throws -> [Hostility] {
        let kinds = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { Hostility(rawValue: String($0)) }
        let known = kinds.compactMap { $0 }
        guard known.count == kinds.count, Set(known).count == known.count else {
            let names = Hostility.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("allowed is KIND,..., each of \(names) once at most.")
        }
        return known
    }

    private static var sharesError: ValidationError {
        let names = Kind.allCases.map(\.name).joined(separator: ", ")
        return ValidationError(
            "allowed is KIND=PERCENT,..., each kind (\(names)) once at most, together 100."
        )
    }
}
