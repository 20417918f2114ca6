internal import Kernel
internal import TLS

/// TLS of one worker's tunnels: a session for each slot, and the memory that its bytes go through.
final class Security {
    /// Bytes of a stream that are sealed at once, at most.
    static var writeMax: Int { 65536 }

    /// What goes to each slot's socket; and the bytes of the stream that were opened last.
    let sealed: Blocks
    let opened: Blocks
    private let context: SecureContext
    private var sessions: [SecureSession?]

    /// TLS for as many tunnels as `capacity`.
    init(_ context: SecureContext, capacity: Int) throws(SystemError) {
        // Room for four records, what each adds, and what a handshake leaves behind.
        sealed = try Blocks(count: capacity, blockSize: Security.writeMax + 4096)
        opened = try Blocks(count: 1, blockSize: 16384)
        self.context = context
        sessions = Array(repeating: nil, count: capacity)
    }

    /// Begins the session of `slot`; whether there was memory for it.
    func begin(_ slot: UInt32) -> Bool {
        sessions[Int(slot)] = SecureSession(context)
        return sessions[Int(slot)] != nil
    }

    /// Ends the session of `slot`.
    func end(_ slot: UInt32) { sessions[Int(slot)] = nil }

    /// The session of `slot`.
    func session(_ slot: UInt32) -> SecureSession {
        guard let session = sessions[Int(slot)] else {
            preconditionFailure("a secure tunnel has a session")
        }
        return session
    }
}
