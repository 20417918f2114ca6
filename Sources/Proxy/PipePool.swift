internal import Kernel

/// A worker's splice pipes: made when they are first needed, lent to flows, used again.
struct PipePool: ~Copyable {
    private var pipes: Table<PipeEnds>
    private var free: Table<UInt16>
    private var freeCount = 0
    /// Pipes that are open, lent or not.
    private(set) var openCount = 0
    private let pipeSize: Int
    /// Once the system has refused one, so many askers go without before it is asked again.
    private static var pause: Int { 255 }
    private var pauseLeft = 0
    /// Pipes that are lent.
    var outCount: Int { openCount - freeCount }

    /// Whose turn it is to use one.
    var share: BulkShare

    /// Room for as many pipes as `configuration` says, for the flows of `slots` tunnels.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(_ configuration: Configuration, slots: Int) throws(SystemError) {
        let count = configuration.pipes
        let share = try BulkShare(slice: configuration.bulkSlice, slots: slots)
        let pipes = try Table<PipeEnds>(zeroed: max(count, 1))
        let free = try Table<UInt16>(zeroed: max(count, 1))
        let vacancies = try Table<UInt16>(zeroed: max(count, 1))
        self.pipes = pipes
        self.free = free
        self.vacancies = vacancies
        self.share = share
        pipeSize = configuration.pipeSize
        vacant = count
        for index in 0..<count { self.vacancies[index] = UInt16(count - 1 - index) }
    }

    /// Numbers of pipes that are not open.
    private var vacancies: Table<UInt16>
    private var vacant: Int

    /// Lends an empty pipe; nil if all are lent or the system gives no more.
    mutating func take(_ queue: inout some SubmissionQueue & ~Copyable) -> UInt16? {
        if freeCount > 0 {
            freeCount -= 1
            return free[freeCount]
        }
        guard vacant > 0 else { return nil }
        guard pauseLeft == 0 else {
            pauseLeft -= 1
            return nil
        }
        let ends = queue.makePipe(capacity: pipeSize)
        guard ends.source >= 0 else {
            pauseLeft = PipePool.pause
            return nil
        }
        vacant -= 1
        let index = vacancies[vacant]
        pipes[Int(index)] = ends
        openCount += 1
        return index
    }

    /// The ends of pipe `index`.
    subscript(index: UInt16) -> PipeEnds { pipes[Int(index)] }

    /// Takes pipe `index` back, empty.
    mutating func release(_ index: UInt16) {
        free[freeCount] = index
        freeCount += 1
    }

    /// Takes pipe `index` back with bytes left in it: it is closed, never lent again as it is.
    mutating func discard(_ index: UInt16, _ queue: inout some SubmissionQueue & ~Copyable) {
        let ends = pipes[Int(index)]
        let token = Token(.close).rawValue
        queue.close(ends.source, token: token)
        queue.close(ends.sink, token: token)
        openCount -= 1
        vacancies[vacant] = index
        vacant += 1
    }
}
