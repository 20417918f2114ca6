internal import Kernel
internal import Synchronization

/// How the engine tells its workers what to do: a word, and a bell for each to hear it by.
final class Control: Sendable {
    enum Phase: UInt8, Comparable {
        /// Do nothing yet.
        case wait
        /// Open tunnels.
        case open
        /// Those that stand idle begin.
        case go
        /// Bring to an end what is under way; begin nothing.
        case finish
        /// Drop everything and leave; what breaks from now on is no failure.
        case stop

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// An eventfd for each worker, which polls it.
    let bells: [Int32]
    private let word = Atomic<UInt8>(Phase.wait.rawValue)
    private let measures = Atomic<Bool>(false)
    private let start = Atomic<UInt64>(0)
    private let hostileStart = Atomic<UInt64>(.max)

    init(workers: Int) throws(SystemError) {
        var bells: [Int32] = []
        for _ in 0..<workers { bells.append(try Descriptors.makeEvent()) }
        self.bells = bells
    }

    deinit {
        for bell in bells { Socket.close(bell) }
    }

    /// What is to be done; a worker hears of it by its bell.
    var phase: Phase {
        get { Phase(rawValue: word.load(ordering: .acquiring)) ?? .stop }
        set { word.store(newValue.rawValue, ordering: .releasing) }
    }

    /// Begins `phase`.
    func begin(_ phase: Phase) {
        self.phase = phase
        for bell in bells { Descriptors.signal(bell) }
    }

    /// When the first arrival of an open loop is due; set before the phase in which that is.
    var scheduleStart: Instant {
        get { Instant(nanoseconds: start.load(ordering: .relaxed)) }
        set { start.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    /// When hostile clients began.
    var besideStart: Instant {
        get { Instant(nanoseconds: hostileStart.load(ordering: .relaxed)) }
        set { hostileStart.store(newValue.nanoseconds, ordering: .relaxed) }
    }

    /// Whether times are recorded.
    var isMeasuring: Bool {
        get { measures.load(ordering: .relaxed) }
        set { measures.store(newValue, ordering: .relaxed) }
    }
}
