import Glibc
import Proxy
import Synchronization
import Testing

#if DEBUG
private let isOptimized = false
#else
private let isOptimized = true
#endif

/// What workers allocate while real clients and a real origin use the real proxy: nothing, once
/// each path has been used, because all memory is set aside at the start.
///
/// Serialized, because there is one counter.
@Suite(.serialized, .enabled(if: isOptimized, "debug code allocates; 'make test' optimizes"))
struct AllocationTests {
    /// The functions that allocate.
    enum Way: CaseIterable {
        case malloc, calloc, realloc, alignedAlloc, posixMemalign

        @inline(never)
        func allocate() -> UnsafeMutableRawPointer? {
            switch self {
            case .malloc: return unsafe Glibc.malloc(100)
            case .calloc: return unsafe Glibc.calloc(10, 10)
            case .realloc: return unsafe Glibc.realloc(nil, 100)
            case .alignedAlloc: return unsafe Glibc.aligned_alloc(64, 128)
            case .posixMemalign:
                var memory: UnsafeMutableRawPointer?
                unsafe posix_memalign(&memory, 64, 100)
                return unsafe memory
            }
        }
    }

    @Test(arguments: Way.allCases)
    func `an allocation by a worker is counted`(way: Way) throws {
        let count = try Allocations.onWorkers {
            try ThreadBox("worker-0") { unsafe free(way.allocate()) }.join()
        }
        #expect(count.number == 1, "\(count)")
        #expect(count.firstPlace.contains("culvertPackageTests"))
    }

    @Test(arguments: Way.allCases)
    func `an allocation by any other thread is not counted`(way: Way) throws {
        let count = try Allocations.onWorkers {
            unsafe free(way.allocate())
            try ThreadBox("other-0") { unsafe free(way.allocate()) }.join()
        }
        #expect(count.number == 0, "\(count)")
    }

    @Test func `an array that grows on a worker is counted`() throws {
        let kept = Kept()
        let count = try Allocations.onWorkers {
            try ThreadBox("worker-0") { kept.numbers.withLock { $0.append(1) } }.join()
        }
        #expect(count.number == 1, "\(count)")
    }

    private final class Kept: Sendable {
        let numbers = Mutex<[Int]>([])
    }
}
