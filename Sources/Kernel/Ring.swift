internal import CLiburing
internal import Glibc
internal import Internet

/// A worker's io_uring: prepares submissions, enters the kernel once a turn, hands out completions.
///
/// It must be made on the thread that uses it (IORING_SETUP_SINGLE_ISSUER), which the compiler
/// helps with: a ring is not Sendable. Completions are worked off only while the thread waits
/// (IORING_SETUP_DEFER_TASKRUN, Linux 6.1), so nothing interrupts the handling of a batch.
@safe public struct Ring: ~Copyable {
    /// What a ring is made of.
    public struct Options: Sendable {
        /// Entries of the submission queue; a power of two up to 32768.
        public var entries: UInt32 = 4096
        /// Entries of the completion queue; a power of two up to 65536.
        public var completionEntries: UInt32 = 32768
        /// Provided buffers; 0 for none.
        public var buffers = 0

        /// The defaults.
        public init() {}
    }

    let ring: UnsafeMutablePointer<io_uring>
    /// Addresses of connects, one for each submission entry: they must last until the submit.
    private let addresses: UnsafeMutablePointer<SocketAddress>
    private let provided: UnsafeMutablePointer<io_uring_buf_ring>?
    private let providedPages: Pages
    private let memory: Blocks
    private let providedMask: Int32
    /// Whether a multishot receive can be given a number of bytes after which it ends.
    let boundsReceives: Bool
    private var quiet: QuietSends
    /// Made when it is asked for first.
    private var waits: ThreadWaits?
    /// The completion to look at next.
    private var head: UInt32
    /// Times that the kernel was entered.
    public private(set) var enters: UInt64 = 0

    /// Makes a ring for the calling thread, with `memory` as its provided buffers.
    ///
    /// - Throws: `SystemError` of io_uring_setup(2), io_uring_register(2) or io_uring_enter(2).
    public init(_ options: Options, memory: consuming Blocks) throws(SystemError) {
        let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
        unsafe ring.initialize(to: io_uring())
        var parameters = io_uring_params()
        parameters.flags =
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL
            | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP
        parameters.cq_entries = options.completionEntries
        let status = unsafe io_uring_queue_init_params(options.entries, ring, &parameters)
        guard status == 0 else {
            unsafe ring.deallocate()
            throw SystemError("io_uring_setup", code: -status)
        }
        let pages: Pages
        do throws(SystemError) {
            // Before it a batch can't be waited for: the kernel would refuse each wait.
            guard parameters.features & CL_FEAT_MIN_TIMEOUT != 0 else {
                throw SystemError("io_uring_setup without IORING_FEAT_MIN_TIMEOUT", code: EINVAL)
            }
            pages = try unsafe Ring.register(ring, buffers: options.buffers)
        } catch {
            unsafe io_uring_queue_exit(ring)
            unsafe ring.deallocate()
            throw error
        }
        let entries = unsafe Int(ring.pointee.sq.ring_entries)
        unsafe addresses = .allocate(capacity: entries)
        unsafe addresses.initialize(repeating: SocketAddress(), count: entries)
        unsafe provided =
            options.buffers > 0
            ? pages.base.assumingMemoryBound(to: io_uring_buf_ring.self) : nil
        providedMask = Int32(options.buffers) - 1
        providedPages = pages
        boundsReceives = Probe.boundsReceives
        quiet = QuietSends(capacity: entries)
        unsafe head = ring.pointee.cq.khead.pointee
        unsafe self.ring = ring
        self.memory = memory
    }

    deinit {
        unsafe io_uring_queue_exit(ring)
        unsafe ring.deallocate()
        unsafe addresses.deallocate()
    }

    /// Registers the ring's own descriptor, a cap on io-wq threads, and room for provided buffers.
    private static func register(
        _ ring: UnsafeMutablePointer<io_uring>,
        buffers: Int
    ) throws(SystemError) -> Pages {
        // A filter may allow no more than the set-up.
        let entered = unsafe io_uring_enter(UInt32(ring.pointee.ring_fd), 0, 0, 0, nil)
        guard entered >= 0 else { throw SystemError("io_uring_enter", code: -entered) }
        // Without it (Linux < 5.18) entering costs a little more and nothing else.
        _ = unsafe io_uring_register_ring_fd(ring)
        // Nothing of the hot path runs on io-wq but ring-splice: a small, fixed crew.
        var crew: (UInt32, UInt32) = (4, 4)
        _ = unsafe withUnsafeMutablePointer(to: &crew) { pointer in
            unsafe pointer.withMemoryRebound(to: UInt32.self, capacity: 2) { pair in
                unsafe io_uring_register_iowq_max_workers(ring, pair)
            }
        }
        let pages = try Pages(byteCount: max(buffers, 1) * MemoryLayout<io_uring_buf>.stride)
        guard buffers > 0 else { return pages }
        var registration = io_uring_buf_reg()
        unsafe registration.ring_addr = UInt64(UInt(bitPattern: pages.base))
        registration.ring_entries = UInt32(buffers)
        registration.bgid = 0
        let status = unsafe io_uring_register_buf_ring(ring, &registration, 0)
        guard status == 0 else { throw SystemError("io_uring_register_buf_ring", code: -status) }
        return pages
    }

    /// A fresh submission entry.
    ///
    /// If the queue is full it is submitted first.
    @inline(__always)
    func entry(_ token: UInt64) -> UnsafeMutablePointer<io_uring_sqe> {
        if let entry = unsafe io_uring_get_sqe(ring) {
            unsafe entry.pointee.user_data = token
            return unsafe entry
        }
        return unsafe entryAfterSubmitting(token)
    }

    /// Submits what is prepared, without waiting, to have room for one more.
    ///
    /// That settles no quiet sends: the newest that was noted may not be prepared yet.
    @inline(never)
    private func entryAfterSubmitting(_ token: UInt64) -> UnsafeMutablePointer<io_uring_sqe> {
        while true {
            let waiting = unsafe cl_flush(ring)
            let enter = unsafe ring.pointee.enter_ring_fd
            let flags = unsafe UInt32(ring.pointee.int_flags & 1) * IORING_ENTER_REGISTERED_RING
            Ring.check(io_uring_enter(UInt32(enter), waiting, 0, flags, nil))
            guard let entry = unsafe io_uring_get_sqe(ring) else { continue }
            unsafe entry.pointee.user_data = token
            return unsafe entry
        }
    }

    /// Traps on an outcome of io_uring_enter(2) that proves a fault of ours: going on would spin.
    ///
    /// The others pass: a time that is over, a signal, memory that is short, completions that want
    /// to be taken first. What was not submitted is submitted by the next entry.
    @inline(__always)
    private static func check(_ status: Int32) {
        guard status < 0 else { return }
        switch -status {
        case ETIME, EINTR, EAGAIN, EBUSY, ENOMEM: return
        default: fatalError("io_uring_enter failed: errno \(-status)")
        }
    }

    /// Keeps the address of a connect until its entry is submitted.
    func keep(
        _ endpoint: Endpoint,
        for entry: UnsafeMutablePointer<io_uring_sqe>
    ) -> UnsafeMutablePointer<SocketAddress> {
        let index = unsafe entry - ring.pointee.sq.sqes
        unsafe addresses[index] = SocketAddress(endpoint)
        return unsafe addresses + index
    }

    public mutating func provide(_ index: UInt16) {
        guard let provided = unsafe provided else { return }
        let extent = memory[Int(index)]
        unsafe io_uring_buf_ring_add(
            provided,
            extent.start,
            UInt32(extent.count),
            index,
            providedMask,
            0
        )
        unsafe io_uring_buf_ring_advance(provided, 1)
    }

    /// The provided buffer of `index`.
    public func buffer(_ index: UInt16) -> Extent { memory[Int(index)] }

    public mutating func emptyBuffer(_ index: UInt16) { memory.empty(Int(index)) }

    public mutating func submitAndWait(
        count: Int,
        gatherMicroseconds: UInt32,
        until deadline: Instant?
    ) {
        enters &+= 1
        unsafe cl_take_completions(ring, head)
        var limit = __kernel_timespec()
        var argument = cl_wait_argument()
        argument.signals_size = UInt32(_NSIG / 8)
        argument.gather_microseconds = count > 1 ? gatherMicroseconds : 0
        let waiting = unsafe cl_flush(ring)
        if let deadline {
            let left = deadline.nanoseconds(since: now())
            limit.tv_sec = Int64(left / 1_000_000_000)
            limit.tv_nsec = Int64(left % 1_000_000_000)
        }
        let descriptor = unsafe UInt32(ring.pointee.enter_ring_fd)
        // INT_FLAG_REG_RING of liburing is bit 0.
        let registered = unsafe ring.pointee.int_flags & 1 != 0 ? IORING_ENTER_REGISTERED_RING : 0
        let flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | registered
        let size = MemoryLayout<cl_wait_argument>.size
        unsafe withUnsafeMutablePointer(to: &limit) { limit in
            if deadline != nil { argument.limit = UInt64(UInt(bitPattern: limit)) }
            unsafe withUnsafeMutablePointer(to: &argument) { argument in
                unsafe argument.withMemoryRebound(to: sigset_t.self, capacity: 1) { mask in
                    let status = unsafe io_uring_enter2(
                        descriptor,
                        waiting,
                        UInt32(count),
                        flags,
                        mask,
                        size
                    )
                    Ring.check(status)
                }
            }
        }
        if quiet.count > 0 { settleQuietSends() }
    }

    // MARK: Quiet sends

    public var quietCount: Int { quiet.count }

    public func quietToken(_ index: Int) -> UInt64 { quiet.token(index) }

    /// Notes a quiet send of `count` bytes; what its submission carries, nil if there is no room.
    mutating func noteQuietSend(_ token: UInt64, _ count: Int) -> UInt64? {
        quiet.isFull ? nil : quiet.append(token, count)
    }

    /// Finds out which quiet sends were not carried out wholly.
    ///
    /// As long as there are completions that the queue has no room for, or submissions that the
    /// kernel has not taken, nothing is known of the others.
    private mutating func settleQuietSends() {
        var position = head
        while let entry = unsafe cl_completion(ring, position) {
            let value = unsafe entry.pointee.user_data
            if value & QuietSends.mark != 0 {
                unsafe entry.pointee.user_data = quiet.noteCompletion(value)
            }
            position &+= 1
        }
        guard unsafe !io_uring_cq_has_overflow(ring), unsafe ring.pointee.cq.koverflow.pointee == 0,
            unsafe cl_flush(ring) == 0
        else { return }
        quiet.settle()
    }

    public mutating func nextSent() -> Completion? {
        guard let sent = quiet.nextSent() else { return nil }
        return Completion(token: sent.token, result: sent.count)
    }

    public var hasNews: Bool {
        if unsafe cl_completion(ring, head) != nil { return true }
        return unsafe io_uring_cq_has_overflow(ring)
    }

    @inline(__always)
    public mutating func nextCompletion() -> Completion? {
        guard let entry = unsafe cl_completion(ring, head) else { return nil }
        head &+= 1
        // Within a turn there may be a mark that has not been looked at.
        let value = unsafe entry.pointee.user_data
        return unsafe Completion(
            token: value & QuietSends.mark == 0 ? value : quiet.noteCompletion(value),
            result: entry.pointee.res,
            flags: entry.pointee.flags
        )
    }

    public func now() -> Instant { Instant.now() }

    public mutating func timeWanted() -> UInt64 {
        if waits == nil { waits = ThreadWaits() }
        return ThreadClock.ofCaller + (waits?.nanoseconds ?? 0)
    }
}
