/// What a client tunnel sends first, while it is being opened: head, order, and early bytes.
struct Opening {
    /// Bytes that stand in the block, and how many of them may be sent by now.
    var count = 0
    var ready = 0
    var sent = 0
}
