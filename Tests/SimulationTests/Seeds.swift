import Glibc
import Kernel
import Synchronization

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
    static var count: UInt64 { number("CULVERT_SIMULATION_SEEDS") ?? 10_000 }

    static func replay(_ seed: UInt64) -> String { "make simulate SEED=\(seed) SEEDS=1" }

    /// Notes what is being lived, so that a trap, too, is traced to its seed.
    static func begin(_ seed: UInt64, shard: Int) {
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
    static func watchForTraps() {
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
