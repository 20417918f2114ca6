internal import Internet
internal import Kernel

/// What the workers of one run do: everything is decided before they start.
struct Script: Sendable {
    var scenario: Scenario
    var route: Route
    var direction: Direction
    /// Fields of the head of a CONNECT besides Host, with their ends of line: those of each user,
    /// who take turns.
    var fields: [String]
    /// Where the origin listens.
    var origins: [Endpoint]
    /// Whether the origin is ours and understands orders; else it echoes whatever comes.
    var hasOwnOrigin: Bool
    /// Addresses to connect from, in turn; none leaves it to the kernel.
    var sources: [Address]
    var workers: Int
    /// Tunnels of the run; 0 for as many as there is time for.
    var tunnels: Int
    /// Tunnels at once, over all workers, at most.
    var peak: Int
    /// Tunnels that are being opened, or proved, at once, over all workers, at most.
    var concurrency: Int
    /// Bytes of a message; of a stream, at most.
    var size: Int
    /// Whether tunnels carry TLS.
    var isSecure: Bool
    var seed: UInt64
    /// Nanoseconds that a tunnel may stand still.
    var timeout: UInt64
    /// When arrivals are due; nil in a closed loop, where each waits for the one before.
    var schedule: Schedule?

    /// What the tunnels of a mix are like; nil in other scenarios.
    var mix: Mix?

    /// How many of `total` are for worker `index`, if they are dealt out in turn.
    func share(_ total: Int, ofWorker index: Int) -> Int { (total - index + workers - 1) / workers }

    /// Tunnels of worker `index` at once, at most.
    func aliveMax(ofWorker index: Int) -> Int { max(share(peak, ofWorker: index), 1) }

    /// Tunnels of worker `index` that are being opened, or proved, at once, at most: one at least,
    /// or it would never be done.
    func openingMax(ofWorker index: Int) -> Int {
        min(max(share(concurrency, ofWorker: index), 1), aliveMax(ofWorker: index))
    }

    /// The schedule, if it is tunnels that arrive.
    var tunnelSchedule: Schedule? { scenario == .rate ? schedule : nil }
    /// The schedule, if it is messages that arrive.
    var messageSchedule: Schedule? { scenario == .echo ? schedule : nil }

    /// Receive buffers: how many (a power of two) and of how many bytes.
    ///
    /// No more than a cache holds, since each is used in turn.
    var buffers: (count: Int, size: Int) {
        switch scenario {
        case .bulk: (32, 65536)
        case .verify: (64, 65536)
        case .mix: (128, 65536)
        case .hold, .rate, .echo, .hostile:
            // Together those for short messages fit into the first-level cache.
            size > 4096 ? (64, 65536) : size > 128 ? (128, 4096) : (128, 256)
        }
    }

    /// Bytes of a block for what is sent first: head, order, and the first bytes of the stream.
    var openingSize: Int {
        let hasEarly = scenario == .verify || scenario == .rate
        return headMax + Order.byteCount + (hasEarly ? min(size, Script.earlyMax) : 0)
    }

    /// Whether one receive is for all that comes; not where a tunnel must stand idle without the
    /// memory of a receive, nor where streams would use up the buffers.
    var receivesEach: Bool {
        switch scenario {
        case .rate, .echo, .hostile: size <= 4096
        case .hold, .verify, .bulk, .mix: false
        }
    }

    /// Where in the pattern streams may begin: messages lie close together, lest each be fetched
    /// from memory that no cache holds, which was 5 % of a client's CPU.
    var startLimit: UInt64 {
        switch scenario {
        case .verify, .bulk, .mix: Pattern.length
        case .hold, .rate, .echo, .hostile: 1 << 12
        }
    }

    /// Bytes of the head of a CONNECT, at most.
    var headMax: Int { 256 + (fields.map(\.utf8.count).max() ?? 0) }
    /// Bytes of the stream that go with what is sent first, at most.
    static var earlyMax: Int { 8192 }

    /// Timeouts that what is on its way may take to come once a stream has ended, at most.
    static var drainMax: UInt64 { 6 }

    /// Where tunnel `number` ends.
    func origin(_ number: UInt32) -> Int { Int(number) % origins.count }

    /// Whose tunnel `number` is.
    func user(_ number: UInt32) -> Int { Int(number) % fields.count }

    /// Where tunnel `number` begins; nil leaves it to the kernel.
    func source(_ number: UInt32) -> Address? {
        guard !sources.isEmpty else { return nil }
        return sources[Int(number) / origins.count % sources.count]
    }

    /// Whom a tunnel to `origin` connects to.
    func target(_ origin: Int) -> Endpoint {
        switch route {
        case .direct: origins[origin]
        case .proxy(let endpoint), .relay(let endpoint): endpoint
        }
    }
}
