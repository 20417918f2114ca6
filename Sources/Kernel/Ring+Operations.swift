internal import CLiburing
internal import Glibc
public import Internet

/// One function for each operation: submitted ones in the order of a tunnel's life, then the few
/// that are called directly, each with its reason.
extension Ring: SubmissionQueue {
    public mutating func accept(on listener: Int32, token: UInt64) {
        let entry = unsafe entry(token)
        let flags = CL_SOCK_NONBLOCK | CL_SOCK_CLOEXEC
        unsafe io_uring_prep_multishot_accept(entry, listener, nil, nil, flags)
        unsafe entry.pointee.user_data = token
    }

    public mutating func connect(_ socket: Int32, to endpoint: Endpoint, token: UInt64) {
        let entry = unsafe entry(token)
        let kept = unsafe keep(endpoint, for: entry)
        unsafe kept.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe io_uring_prep_connect(entry, socket, address, kept.pointee.length)
        }
        unsafe entry.pointee.user_data = token
    }

    public mutating func receive(_ socket: Int32, into memory: Extent, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_recv(entry, socket, memory.start, memory.count, 0)
        unsafe entry.pointee.user_data = token
    }

    public mutating func receive(_ socket: Int32, bytesMax: Int, pollFirst: Bool, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_recv(entry, socket, nil, bytesMax, 0)
        unsafe entry.pointee.flags = CL_SQE_BUFFER_SELECT
        unsafe entry.pointee.buf_group = 0
        if pollFirst { unsafe entry.pointee.ioprio = UInt16(IORING_RECVSEND_POLL_FIRST) }
        unsafe entry.pointee.user_data = token
    }

    public mutating func receive(_ socket: Int32, bytesMax: Int, total: Int, token: UInt64) {
        guard boundsReceives else {
            return receive(socket, bytesMax: bytesMax, pollFirst: true, token: token)
        }
        precondition(total > 0, "a receive goes on without an end")
        receiveEach(socket, bytesMax: bytesMax, total: UInt32(total), token: token)
    }

    /// Receives whatever comes, each time into a buffer of the ring, until there is an end, a
    /// failure or no buffer: nothing holds the sender back but the want of buffers.
    public mutating func receiveEach(_ socket: Int32, token: UInt64) {
        receiveEach(socket, bytesMax: 0, total: 0, token: token)
    }

    /// A multishot receive; 0 sets no limit.
    @inline(__always)
    private func receiveEach(_ socket: Int32, bytesMax: Int, total: UInt32, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_recv_multishot(entry, socket, nil, bytesMax, 0)
        unsafe entry.pointee.flags = CL_SQE_BUFFER_SELECT
        unsafe entry.pointee.buf_group = 0
        unsafe entry.pointee.ioprio |= UInt16(IORING_RECVSEND_POLL_FIRST)
        // Where liburing 2.3 has `file_index` newer ones have `optlen`, too.
        unsafe entry.pointee.file_index = total
        unsafe entry.pointee.user_data = token
    }

    /// A send that may wait for room does so by a poll, which is ready as soon as the peer has sent
    /// FIN, room or not: the kernel then tries 128 times over and hands the send to an io-wq
    /// thread, which blocks.
    public mutating func send(_ socket: Int32, from memory: Extent, token: UInt64) {
        let entry = unsafe entry(token)
        let flags = CL_MSG_DONTWAIT
        unsafe io_uring_prep_send(entry, socket, memory.start, memory.count, flags)
        unsafe entry.pointee.user_data = token
    }

    public mutating func sendQuietly(_ socket: Int32, from memory: Extent, token: UInt64) {
        guard let mark = noteQuietSend(token, memory.count) else {
            return send(socket, from: memory, token: token)
        }
        let entry = unsafe entry(mark)
        // With MSG_WAITALL to send a part is a failure, which is told.
        let flags = CL_MSG_DONTWAIT | CL_MSG_WAITALL
        unsafe io_uring_prep_send(entry, socket, memory.start, memory.count, flags)
        unsafe entry.pointee.flags = CL_SQE_CQE_SKIP_SUCCESS
        unsafe entry.pointee.user_data = mark
    }

    public mutating func poll(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_poll_add(entry, descriptor, events.rawValue)
        unsafe entry.pointee.user_data = token
    }

    public mutating func watch(_ descriptor: Int32, events: PollEvents, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_poll_multishot(entry, descriptor, events.rawValue)
        unsafe entry.pointee.user_data = token
    }

    public mutating func splice(from source: Int32, to sink: Int32, count: Int, token: UInt64) {
        let entry = unsafe entry(token)
        let flags = CL_SPLICE_NONBLOCK | CL_SPLICE_MOVE
        unsafe io_uring_prep_splice(entry, source, -1, sink, -1, UInt32(count), flags)
        unsafe entry.pointee.user_data = token
    }

    public mutating func cancel(_ target: UInt64, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_cancel64(entry, target, 0)
        unsafe entry.pointee.user_data = token
    }

    public mutating func cancelAll(_ target: UInt64, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_cancel64(entry, target, Int32(IORING_ASYNC_CANCEL_ALL))
        unsafe entry.pointee.user_data = token
    }

    public mutating func close(_ descriptor: Int32, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe io_uring_prep_close(entry, descriptor)
        unsafe entry.pointee.flags = CL_SQE_CQE_SKIP_SUCCESS
        unsafe entry.pointee.user_data = token
    }

    public mutating func wake(_ descriptor: Int32, token: UInt64) {
        let entry = unsafe entry(token)
        unsafe cl_prep_wake(entry, descriptor)
        unsafe entry.pointee.flags = CL_SQE_CQE_SKIP_SUCCESS
        unsafe entry.pointee.user_data = token
    }

    // MARK: Called directly

    /// Only while a listener closes, when no turn is left to wait for a completion.
    public mutating func acceptWaiting(on listener: Int32) -> Int32? {
        Socket.acceptWaiting(on: listener)
    }

    /// Only at the start, and where that was in vain.
    public mutating func prefer(cpu: Int?, on listener: Int32) {
        Socket.prefer(cpu: cpu, on: listener)
    }

    /// Only where a client or a tunnel moves to another worker.
    public mutating func pass(
        _ sockets: Sockets,
        with bytes: Extent,
        through entry: Int32
    ) -> Int32 {
        unsafe cl_pass_descriptors(
            entry,
            sockets.client,
            sockets.upstream,
            bytes.start,
            bytes.count
        )
    }

    public mutating func takePassed(
        from exit: Int32,
        into memory: Extent
    ) -> (sockets: Sockets, byteCount: Int) {
        var sockets = Sockets(client: -1)
        var count = memory.count
        sockets.client = unsafe cl_take_descriptors(exit, &sockets.upstream, memory.start, &count)
        return (sockets, count)
    }

    /// Cheaper than IORING_OP_SOCKET, whose descriptor would come a turn later.
    public mutating func makeSocket(
        _ family: Address.Family,
        source: Address?,
        options: SocketOptions
    ) -> Int32 {
        Socket.dialling(family, source: source, options: options)
    }

    /// Only to clients who must be sent away, whose sockets are closed at once.
    public mutating func sendNow(_ socket: Int32, from memory: Extent) -> Int32 {
        let sent = unsafe Glibc.send(socket, memory.start, memory.count, CL_MSG_DONTWAIT)
        return sent >= 0 ? Int32(truncatingIfNeeded: sent) : -errno
    }

    /// IORING_OP_SHUTDOWN always goes to an io-wq thread.
    public mutating func shutdownSending(_ socket: Int32) -> Int32 {
        shutdown(socket, Int32(SHUT_WR)) == 0 ? 0 : -errno
    }

    /// Only for sockets that are silent for the first time.
    public mutating func keepAlive(_ socket: Int32, seconds: Int32) {
        Socket.keepAlive(socket, seconds: seconds)
    }

    /// Only now and then, for sockets that are busy.
    public mutating func incomingCPU(of socket: Int32) -> Int? { Socket.incomingCPU(of: socket) }

    /// Only for sockets that have broken, as `makeAbortive`.
    public mutating func takeError(of socket: Int32) -> Int32 { Socket.takeError(of: socket) }

    /// Only for tunnels of which one side has broken.
    public mutating func unacknowledgedBytes(of socket: Int32) -> Int {
        Socket.unacknowledgedBytes(of: socket)
    }

    /// Only for resets, which are rare.
    public mutating func makeAbortive(_ socket: Int32) {
        Socket.makeAbortive(socket)
    }

    /// IORING_OP_SPLICE always goes to an io-wq thread, at several times the cost.
    public mutating func spliceNow(from source: Int32, to sink: Int32, count: Int) -> Int32 {
        let flags = CL_SPLICE_NONBLOCK | CL_SPLICE_MOVE
        let moved = cl_splice(source, sink, count, flags)
        return moved >= 0 ? Int32(truncatingIfNeeded: moved) : -errno
    }

    /// A multishot accept doesn't report who came.
    public mutating func peer(of socket: Int32) -> Endpoint? { Socket.peer(of: socket) }

    /// Asked only for destinations on the port of a listener that is bound to all addresses.
    public mutating func isLocal(_ address: Address) -> Bool { Socket.isLocal(address) }

    /// Pipes are pooled, so making one is rare.
    public mutating func makePipe(capacity: Int) -> PipeEnds { Pipe.make(capacity: capacity) }
}
