internal import CLiburing
internal import Glibc
internal import Synchronization

/// Something that the kernel may or may not be able to do for us.
public struct Feature: Sendable {
    /// What it is called.
    public let name: String
    /// The first release of Linux that has it.
    public let since: String
    /// Whether serving is impossible without it.
    public let isNeeded: Bool
    /// Whether this kernel has it.
    public let isAvailable: Bool

    /// A feature and whether it is there.
    public init(_ name: String, since: String, isNeeded: Bool, isAvailable: Bool) {
        self.name = name
        self.since = since
        self.isNeeded = isNeeded
        self.isAvailable = isAvailable
    }
}

/// What the kernel can do for us, found out by trying.
public struct Probe: Sendable {
    /// The release of the kernel, as uname(2) tells it.
    public let release: String
    /// Why no ring at all can be made; nil if one can.
    public let failure: SystemError?
    /// Each feature that the proxy uses; without a ring none of the ring's is available.
    public let features: [Feature]

    /// Tries everything.
    public init() {
        release = Probe.systemRelease()
        var features = [
            Feature(
                "descriptor table of its own (close_range)",
                since: "5.9",
                isNeeded: true,
                isAvailable: Probe.canUnshare()
            )
        ]
        do throws(SystemError) {
            let ring = try ProbedRing(flags: 0)
            failure = nil
            features += Probe.ringFeatures(ring, Probe.version(release))
        } catch {
            failure = error
            features += Probe.ringFeatures(nil, Probe.version(release))
        }
        self.features = features
    }

    /// Major and minor number of a kernel's `release`.
    public static func version(_ release: String) -> (Int, Int) {
        let parts = release.split(separator: ".").prefix(2).map { part in
            Int(part.prefix { $0.isASCII && $0.isNumber }) ?? 0
        }
        return parts.count == 2 ? (parts[0], parts[1]) : (0, 0)
    }

    /// Makes rings like that of a worker, `wanted` of them at once: how many there can be, and why
    /// not all.
    ///
    /// Their memory counts against RLIMIT_MEMLOCK of the user, unless CAP_IPC_LOCK is held; which
    /// kernels count it has changed more than once.
    public static func rings(
        _ options: Ring.Options,
        wanted: Int
    ) -> (count: Int, failure: SystemError?) {
        var held: [HeldRing] = []
        do throws(SystemError) {
            for _ in 0..<wanted { held.append(try HeldRing(options)) }
        } catch {
            return (held.count, error)
        }
        return (held.count, nil)
    }

    private final class HeldRing {
        private let ring: Ring

        init(_ options: Ring.Options) throws(SystemError) {
            let memory = try Blocks(count: 0, blockSize: 4096)
            ring = try Ring(options, memory: memory)
        }
    }

    /// Whether a multishot receive ends after a number of bytes that it was given.
    static let boundsReceives = (try? ProbedRing(flags: 0))?.boundsReceives() ?? false

    private static func ringFeatures(
        _ ring: consuming ProbedRing?,
        _ version: (Int, Int)
    ) -> [Feature] {
        let modern = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN
        let hasDeferred = (try? ProbedRing(flags: modern)) != nil
        var hasBuffers = false
        var hasRegistered = false
        var features: UInt32 = 0
        var operations: [Feature] = []
        switch consume ring {
        case .some(let ring):
            hasBuffers = ring.hasBufferRings()
            hasRegistered = ring.canRegisterItself()
            features = ring.features
            operations = ring.operations()
        case .none:
            break
        }
        let has519 = features != 0 && version >= (5, 19)
        let rows: [(String, String, Bool, Bool)] = [
            ("single issuer, deferred task work", "6.1", true, hasDeferred),
            ("wait with a timeout", "5.11", true, features & IORING_FEAT_EXT_ARG != 0),
            ("wait for a batch (min-wait)", "6.12", true, features & CL_FEAT_MIN_TIMEOUT != 0),
            ("provided buffer rings", "5.19", true, hasBuffers),
            ("multishot accept", "5.19", true, has519),
            ("registered ring descriptor", "5.18", false, hasRegistered),
            ("multishot receive of so many bytes", "6.17", false, boundsReceives),
        ]
        return rows.map { Feature($0, since: $1, isNeeded: $2, isAvailable: $3) } + operations
    }

    /// The release of the running kernel.
    public static func systemRelease() -> String {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "unknown" }
        return unsafe withUnsafeBytes(of: names.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Whether a thread can have a descriptor table of its own; tried on a thread that then ends.
    private static func canUnshare() -> Bool {
        let outcome = Outcome()
        guard
            let thread = try? Thread(
                "probe",
                { outcome.set((try? Descriptors.makeOwnTable(keeping: [0, 1, 2])) != nil) }
            )
        else { return false }
        thread.join()
        return outcome.get()
    }

    private final class Outcome: Sendable {
        private let value = Atomic<Bool>(false)
        func set(_ outcome: Bool) { value.store(outcome, ordering: .releasing) }
        func get() -> Bool { value.load(ordering: .acquiring) }
    }
}

/// A small ring to ask questions of.
@safe private struct ProbedRing: ~Copyable {
    private let ring: UnsafeMutablePointer<io_uring>
    /// IORING_FEAT_ flags.
    let features: UInt32

    init(flags: UInt32) throws(SystemError) {
        let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        unsafe ring.initialize(to: io_uring())
        var parameters = io_uring_params()
        parameters.flags = flags
        let status = unsafe io_uring_queue_init_params(8, ring, &parameters)
        guard status == 0 else {
            unsafe ring.deallocate()
            throw SystemError("io_uring_setup", code: -status)
        }
        features = parameters.features
        unsafe self.ring = ring
    }

    deinit {
        unsafe io_uring_queue_exit(ring)
        unsafe ring.deallocate()
    }

    func canRegisterItself() -> Bool {
        unsafe io_uring_register_ring_fd(ring) == 1
    }

    func hasBufferRings() -> Bool {
        guard let pages = try? Pages(byteCount: MemoryLayout<io_uring_buf>.stride) else {
            return false
        }
        var registration = io_uring_buf_reg()
        unsafe registration.ring_addr = UInt64(UInt(bitPattern: pages.base))
        registration.ring_entries = 1
        guard unsafe io_uring_register_buf_ring(ring, &registration, 0) == 0 else { return false }
        _ = unsafe io_uring_unregister_buf_ring(ring, 0)
        return true
    }

    /// An older kernel refuses the number at once; one that knows it finds no buffer.
    func boundsReceives() -> Bool {
        guard let channel = try? DescriptorChannel() else { return false }
        defer {
            close(channel.entry)
            close(channel.exit)
        }
        var octet: UInt8 = 0
        guard unsafe send(channel.entry, &octet, 1, 0) == 1,
            let entry = unsafe io_uring_get_sqe(ring)
        else { return false }
        unsafe io_uring_prep_recv_multishot(entry, channel.exit, nil, 0, 0)
        unsafe entry.pointee.flags = CL_SQE_BUFFER_SELECT
        unsafe entry.pointee.file_index = 1
        guard unsafe io_uring_submit_and_wait(ring, 1) >= 0 else { return false }
        return unsafe cl_completion(ring, ring.pointee.cq.khead.pointee)?.pointee.res == -ENOBUFS
    }

    /// The operations that the proxy submits, and whether the kernel knows them.
    func operations() -> [Feature] {
        let probe = unsafe io_uring_get_probe_ring(ring)
        defer { if let probe = unsafe probe { unsafe io_uring_free_probe(probe) } }
        let operations: [(String, io_uring_op, String, Bool)] = [
            ("accept", IORING_OP_ACCEPT, "5.5", true),
            ("connect", IORING_OP_CONNECT, "5.5", true),
            ("receive", IORING_OP_RECV, "5.6", true),
            ("send", IORING_OP_SEND, "5.6", true),
            ("poll", IORING_OP_POLL_ADD, "5.1", true),
            ("cancel", IORING_OP_ASYNC_CANCEL, "5.5", true),
            ("close", IORING_OP_CLOSE, "5.6", true),
            ("write", IORING_OP_WRITE, "5.6", true),
            ("splice (--relay ring-splice)", IORING_OP_SPLICE, "5.7", false),
        ]
        return operations.map { name, operation, since, isNeeded in
            var isAvailable = false
            if let probe = unsafe probe {
                let code = Int32(truncatingIfNeeded: operation.rawValue)
                isAvailable = unsafe io_uring_opcode_supported(probe, code) != 0
            }
            return Feature(
                "operation \(name)",
                since: since,
                isNeeded: isNeeded,
                isAvailable: isAvailable
            )
        }
    }
}
