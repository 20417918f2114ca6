internal import COpenSSL
package import Kernel

/// TLS of one connection, between memory and memory: no call of it touches a socket.
@safe
package final class SecureSession {
    /// What came of reading.
    package enum Reading: Equatable, Sendable {
        /// So many bytes of the stream.
        case bytes(Int)
        /// More has to come first.
        case nothing
        /// The peer broke the rules, or said that we did.
        case failed(String)
    }

    private let session: OpaquePointer
    /// What came from the socket, and what is to be sent there.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// Begins one end of a connection.
    ///
    /// Nil if there is no memory.
    package init?(_ context: SecureContext) {
        guard let session = unsafe SSL_new(context.context) else { return nil }
        let incoming = unsafe BIO_new(BIO_s_mem())
        let outgoing = unsafe BIO_new(BIO_s_mem())
        guard let incoming = unsafe incoming, let outgoing = unsafe outgoing else {
            unsafe BIO_free(incoming)
            unsafe BIO_free(outgoing)
            unsafe SSL_free(session)
            return nil
        }
        unsafe SSL_set_bio(session, incoming, outgoing)
        if context.isClient {
            unsafe SSL_set_connect_state(session)
        } else {
            unsafe SSL_set_accept_state(session)
        }
        unsafe self.session = session
        unsafe self.incoming = incoming
        unsafe self.outgoing = outgoing
    }

    deinit { unsafe SSL_free(session) }

    /// Whether both ends have agreed on their keys.
    package var isReady: Bool { unsafe SSL_is_init_finished(session) == 1 }

    /// Whether the peer has said that its stream ends.
    package var hasReadEnd: Bool { unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    // MARK: Receiving

    /// Takes `bytes` from the socket.
    package func feed(_ bytes: Extent) {
        bytes.withBytes { span in
            unsafe span.withUnsafeBytes { memory in
                let count = Int32(truncatingIfNeeded: memory.count)
                let taken = unsafe BIO_write(incoming, memory.baseAddress, count)
                precondition(taken == count, "no memory for what was received")
            }
        }
    }

    /// Reads what of the stream has come into `memory`, and takes the handshake further.
    package func read(into memory: Extent) -> Reading {
        ERR_clear_error()
        let count = unsafe memory.withUnsafeMutableBytes { bytes in
            unsafe SSL_read(session, bytes.baseAddress, Int32(truncatingIfNeeded: bytes.count))
        }
        guard count <= 0 else { return .bytes(Int(count)) }
        switch unsafe SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ: return .nothing
        case SSL_ERROR_ZERO_RETURN:
            let isLast = unsafe cl_pending(incoming) == 0
            return isLast ? .nothing : .failed("bytes behind the end")
        default: return .failed(SecureError.reason())
        }
    }

    // MARK: Sending

    /// Writes the beginning of `bytes` to the stream; how many they were, 0 if it is broken.
    package func write(_ bytes: Extent) -> Int {
        ERR_clear_error()
        let count = bytes.withBytes { span in
            unsafe span.withUnsafeBytes { memory in
                let count = Int32(truncatingIfNeeded: memory.count)
                return unsafe SSL_write(session, memory.baseAddress, count)
            }
        }
        return max(Int(count), 0)
    }

    /// Says that the stream ends; the peer's may go on.
    package func writeEnd() {
        ERR_clear_error()
        _ = unsafe SSL_shutdown(session)
    }

    /// Whether something is to be sent to the socket.
    package var hasUnsent: Bool { unsafe cl_pending(outgoing) > 0 }

    /// Moves what is to be sent to the socket into `memory`; how many bytes that were.
    package func takeUnsent(into memory: Extent) -> Int {
        let count = unsafe memory.withUnsafeMutableBytes { bytes in
            unsafe BIO_read(outgoing, bytes.baseAddress, Int32(truncatingIfNeeded: bytes.count))
        }
        return max(Int(count), 0)
    }
}
