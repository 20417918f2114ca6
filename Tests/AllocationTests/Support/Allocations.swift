import CAllocations

/// What workers allocate, counted by a malloc that stands in the test program.
enum Allocations {
    /// How many allocations there were, and where the first was made.
    struct Count: CustomStringConvertible {
        let number: UInt64
        /// For `addr2line` or a debugger: a file and the offset in it for each frame.
        let firstPlace: String

        var description: String { "\(number) allocations, the first at \(firstPlace)" }
    }

    /// What all threads named "worker-…", "client-…" or "origin-…" allocate while `body` runs.
    ///
    /// The allocations of the test itself, of its clients and of its origin don't count.
    static func onWorkers(during body: () throws -> Void) throws -> Count {
        allocations_begin()
        let result = Result { try body() }
        let number = allocations_end()
        try result.get()
        return Count(number: number, firstPlace: number > 0 ? firstPlace : "no place")
    }

    private static var firstPlace: String {
        var text = [CChar](repeating: 0, count: 2048)
        unsafe allocations_first_place(&text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
