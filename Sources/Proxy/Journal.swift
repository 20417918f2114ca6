package import Kernel
internal import Synchronization

/// The journal: JSON lines of all workers, written by one thread of its own.
///
/// A worker puts a record into its spool and never waits: what doesn't fit is counted as lost. The
/// thread sleeps on an eventfd while there is nothing to write; a worker that finds it asleep
/// wakes it with its next submissions. Lines are written whole and in the order of each worker.
package final class Journal: Sendable {
    static var spoolBytes: Int { 1 << 20 }
    /// How long writing the last records may hold up the end, in nanoseconds.
    private static var patience: UInt64 { 5_000_000_000 }

    private let target: Configuration.JournalTarget
    private let spools: [Spool]
    /// Wakes the thread.
    package let event: Int32
    let isAsleep = Atomic<Bool>(false)
    private let mustStop = Atomic<Bool>(false)
    private let mustReopen = Atomic<Bool>(false)
    /// The file to be written from now on, until the thread takes it.
    private let opened = Mutex<OutputFile?>(nil)
    private let hasEnded = Atomic<Bool>(false)
    /// Records that the file didn't take.
    package let lostInWriting = Counters.Number()

    /// A journal for `workers` workers.
    package init(_ target: Configuration.JournalTarget, workers: Int) throws(SystemError) {
        self.target = target
        event = try Descriptors.makeEvent()
        var spools: [Spool] = []
        for _ in 0..<workers { spools.append(try Spool(capacity: Journal.spoolBytes)) }
        self.spools = spools
    }

    /// Worker `index`'s end of the journal.
    package func writer(_ index: Int) throws(SystemError) -> JournalWriter {
        try JournalWriter(self, spools[index])
    }

    /// Opens the file and starts the thread that writes it.
    ///
    /// - Throws: `StartError` if the file can't be opened, or no thread can be started.
    package func start() throws(StartError) -> ThreadBox {
        try open()
        do throws(SystemError) {
            return try ThreadBox("journal") { self.run() }
        } catch {
            throw StartError(error)
        }
    }

    /// Opens the file once, here: a reader of a pipe takes a second opening for the end of the
    /// first.
    private func open() throws(StartError) {
        let target = target
        do throws(SystemError) {
            try opened.withLock { file throws(SystemError) in
                file =
                    switch target {
                    case .none, .standardOutput: try OutputFile.standardOutput()
                    case .file(let path): try OutputFile(appendingTo: path)
                    }
            }
        } catch {
            guard case .file(let path) = target else {
                throw StartError("--journal -: standard output isn't open for writing; open it")
            }
            throw StartError("--journal \(path): can't be opened (\(error))")
        }
    }

    /// Writes until it is told to stop and all spools are empty.
    ///
    /// The body of the thread.
    private func run() {
        defer { hasEnded.store(true, ordering: .releasing) }
        guard let file = opened.withLock({ $0.take() }) else {
            preconditionFailure("the journal's thread began before its file was opened")
        }
        var lines = LineFile(file)
        while true {
            if mustReopen.exchange(false, ordering: .acquiring),
                let fresh = opened.withLock({ $0.take() })
            {
                let lost = lines.lost
                lines.goOn(in: fresh)
                lostInWriting.add(lines.lost - lost)
            }
            let isStopping = mustStop.load(ordering: .acquiring)
            if writeAll(&lines) { continue }
            if isStopping { return }
            isAsleep.store(true, ordering: .relaxed)
            // A record that came in between would otherwise wait for the next one. The two fences
            // let either the writer see that this thread sleeps, or this thread see the record.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if writeAll(&lines) { continue }
            Descriptors.waitForSignal(event)
            isAsleep.store(false, ordering: .relaxed)
        }
    }

    private func writeAll(_ lines: inout LineFile) -> Bool {
        var hasWritten = false
        for spool in spools {
            while let bytes = spool.peek() {
                hasWritten = true
                let lost = lines.lost
                spool.drop(lines.write(bytes))
                lostInWriting.add(lines.lost - lost)
            }
        }
        return hasWritten
    }

    /// Opens the file anew, for log rotation.
    ///
    /// - Throws: `StartError` if it can't be opened; the one of before goes on being written.
    package func reopen() throws(StartError) {
        try open()
        mustReopen.store(true, ordering: .releasing)
        Descriptors.signal(event)
    }

    /// Lets `run` return once all has been written; false, and what is left is lost, if that takes
    /// longer than it may: nobody reads the other end of a pipe, say.
    ///
    /// No worker may write any more.
    package func stop() -> Bool {
        mustStop.store(true, ordering: .releasing)
        Descriptors.signal(event)
        let deadline = Instant.now() + Journal.patience
        while !hasEnded.load(ordering: .acquiring) {
            guard Instant.now() < deadline else {
                loseAll()
                return false
            }
            Thread.pause(milliseconds: 1)
        }
        return true
    }

    private func loseAll() {
        for spool in spools {
            var seen = 0
            while let bytes = spool.peek(skipping: seen) {
                lostInWriting.add(LineFile.ends(in: bytes))
                seen += bytes.count
            }
        }
    }
}

/// A worker's end of the journal.
package struct JournalWriter: ~Copyable {
    private let journal: Journal?
    private let spool: Spool?
    private let scratch: Blocks
    private var hasNews = false
    static var recordBytesMax: Int { 2048 }

    fileprivate init(_ journal: Journal, _ spool: Spool) throws(SystemError) {
        let scratch = try Blocks(count: 1, blockSize: JournalWriter.recordBytesMax)
        self.scratch = scratch
        self.journal = journal
        self.spool = spool
    }

    /// The end of no journal.
    package init() throws(SystemError) {
        let scratch = try Blocks(count: 1, blockSize: 64)
        self.scratch = scratch
        journal = nil
        spool = nil
    }

    /// Whether anything is written at all.
    package var isOn: Bool { spool != nil }

    /// Writes one record; counts it as lost if there is no room.
    package mutating func write(_ counters: Counters, _ body: (inout JSONLine) -> Void) {
        guard let spool else { return }
        var line = JSONLine(scratch[0])
        line.member("time", WallTime.now())
        body(&line)
        guard let count = line.finish(), spool.push(scratch[0], count: count) else {
            return counters.journalLost.add()
        }
        hasNews = true
    }

    /// Wakes the journal's thread if it sleeps and there is something for it to write.
    package mutating func flush(_ queue: inout some SubmissionQueue & ~Copyable) {
        guard hasNews, let journal else { return }
        hasNews = false
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if journal.isAsleep.load(ordering: .relaxed),
            journal.isAsleep.exchange(false, ordering: .relaxed)
        {
            queue.wake(journal.event, token: Token(.wakeJournal).rawValue)
        }
    }
}
