import Glibc
import Kernel
import Synchronization
import Testing

/// Which seeds are lived, as the environment has it, and which are being lived.
enum Seeds {
    static let shards = 2
    private static let first = Atomic<UInt64>(0)
    private static let second = Atomic<UInt64>(0)

    private static func number(_ name: String) -> UInt64? {
        guard let text = unsafe getenv(name) else { return nil }
        return UInt64(unsafe String(cString: text))
    }

    static var base: UInt64 { number("CULVERT_SIMULATION_SEED") ?? 1 }
    private static var count: UInt64 { number("CULVERT_SIMULATION_SEEDS") ?? 10_000 }

    static func replay(_ seed: UInt64) -> String { "make simulate SEED=\(seed) SEEDS=1" }

    /// Lives the lives of one shard, and records the first few that `failure` has words for; of
    /// lives that take longer only one in `share`.
    static func live(shard: Int, share: UInt64 = 1, failure: (UInt64) -> String?) {
        watchForTraps()
        let end = base + max(count / share, min(count, 1))
        var seed = base + UInt64(shard)
        var failures = 0
        while seed < end, failures < 5 {
            begin(seed, shard: shard)
            if let failure = failure(seed) {
                failures += 1
                Issue.record("\(failure); replay with: \(replay(seed))")
            }
            seed += UInt64(shards)
        }
        begin(0, shard: shard)
    }

    /// Notes what is being lived, so that a trap, too, is traced to its seed.
    private static func begin(_ seed: UInt64, shard: Int) {
        if shard == 0 {
            first.store(seed, ordering: .relaxed)
        } else {
            second.store(seed, ordering: .relaxed)
        }
    }

    private static func tell(_ seed: UInt64) {
        if seed > 0 { OutputFile.complain("a trap; replay with one of: \(replay(seed))\n") }
    }

    /// Tells the seeds under way when the process traps: one of them is to blame.
    private static func watchForTraps() {
        for number in [SIGILL, SIGTRAP, SIGSEGV] {
            _ = signal(number) { number in
                Seeds.tell(Seeds.first.load(ordering: .relaxed))
                Seeds.tell(Seeds.second.load(ordering: .relaxed))
                _ = signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
