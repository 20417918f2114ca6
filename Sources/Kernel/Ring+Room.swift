internal import CLiburing

/// Sending without ever being waited for by the kernel.
///
/// A send that finds no room waits for it by a poll, and a poll is ready as soon as the peer has
/// sent FIN, room or not. The kernel then tries 128 times over and hands the send to an io-wq
/// thread, which blocks. In between, a cancel doesn't find it.
extension Ring {
    /// Sends from `memory` what there is room for; the result is EAGAIN negated if there is none.
    public mutating func sendAtOnce(_ socket: Int32, from memory: Extent, token: UInt64) {
        let entry = unsafe entry(token)
        let flags = CL_MSG_DONTWAIT
        unsafe io_uring_prep_send(entry, socket, memory.start, memory.count, flags)
        unsafe entry.pointee.user_data = token
    }

    /// Tells of each time that room appears on `socket`, until it is cancelled; multishot.
    ///
    /// It may tell once at the beginning, and now and then, without there being room.
    public mutating func watchRoom(on socket: Int32, token: UInt64) {
        let entry = unsafe entry(token)
        let events = PollEvents.writable.rawValue
        unsafe io_uring_prep_poll_multishot(entry, socket, events)
        unsafe entry.pointee.user_data = token
    }
}
