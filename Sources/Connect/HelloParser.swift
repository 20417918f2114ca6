public import Internet

/// What a ClientHello says that a rule may depend on.
public struct ClientHello: Equatable, Sendable {
    /// The host that it names (server_name, RFC 6066 section 3), if it names one.
    public let serverName: Name?
    /// Whether it holds an encrypted one (encrypted_client_hello, RFC 9849), real or made up.
    ///
    /// Then `serverName` may be that of another host than the one that will be spoken to.
    public let isEncrypted: Bool
    /// How many bytes it has, headers of its records included.
    public let byteCount: Int

    /// A ClientHello of `byteCount` bytes that says this.
    public init(serverName: Name?, isEncrypted: Bool, byteCount: Int) {
        self.serverName = serverName
        self.isEncrypted = isEncrypted
        self.byteCount = byteCount
    }
}

/// What the first bytes of a tunnel amount to.
public enum HelloOutcome: Equatable, Sendable {
    /// The valid beginning of a ClientHello; more bytes are needed.
    case incomplete
    /// A whole, well-formed ClientHello.
    case complete(ClientHello)
    /// Something else, whatever follows.
    case refused(HelloFault)
}

/// Why bytes are not a ClientHello.
public enum HelloFault: Error, CaseIterable, Sendable {
    /// A record is not one of a handshake (RFC 8446 section 5.1): another protocol, or an alert.
    case notHandshake
    /// A record's version doesn't begin with 3.
    case recordVersion
    /// A record is empty or has more than 2^14 bytes.
    case recordLength
    /// The handshake doesn't begin with a ClientHello.
    case notClientHello
    /// The version is SSL 3.0 (RFC 7568) or none at all.
    case version
    /// A length says more or less than what holds it has.
    case length
    /// Uncompressed isn't among the compression methods.
    case compression
    /// There is not exactly one server name of the type host_name, or it is no DNS name.
    case serverName
    /// The encrypted ClientHello isn't exactly one outer one.
    case encryptedHello
    /// A record goes on behind the ClientHello.
    case trailingBytes
    /// The ClientHello has more than `HelloParser.byteCountMax` bytes.
    case tooLong
}

/// Reads the ClientHello at the beginning of a TLS connection out of bytes that arrive in pieces.
///
/// It may be spread over records (RFC 8446 section 5.1), down to a byte in each. The parser
/// remembers how far it has come, so each byte is looked at once, however small the pieces. Every
/// outcome depends on the bytes alone, not on how they were split. What follows the last byte of
/// the ClientHello, such as early data, is not looked at.
public struct HelloParser: Sendable {
    /// Bytes that a ClientHello may have, headers of its records included.
    public static var byteCountMax: Int { 16384 }

    private var fields = HelloFields()
    private var fault: HelloFault?
    private var scanned = 0
    private var recordEnd = 0

    /// A parser at the beginning of a tunnel.
    public init() {}

    /// Reads on.
    ///
    /// - Parameter bytes: All bytes of the tunnel so far, those of earlier calls included.
    /// - Returns: What the bytes amount to; once complete or refused, the same ever after.
    public mutating func parse(_ bytes: Span<UInt8>) -> HelloOutcome {
        precondition(bytes.count >= scanned)
        if let fault { return .refused(fault) }
        do throws(HelloFault) {
            try read(bytes)
        } catch {
            fault = error
            return .refused(error)
        }
        guard fields.unread == 0 else { return .incomplete }
        return .complete(
            ClientHello(
                serverName: fields.serverName(bytes),
                isEncrypted: fields.isEncrypted,
                byteCount: scanned
            )
        )
    }

    private mutating func read(_ bytes: Span<UInt8>) throws(HelloFault) {
        while fields.unread > 0, scanned < bytes.count {
            if scanned == recordEnd {
                guard try readHeader(bytes) else { return }
            }
            if fields.isLengthKnown {
                guard recordEnd - scanned <= fields.unread else { throw .trailingBytes }
                guard scanned + fields.unread <= Self.byteCountMax else { throw .tooLong }
            }
            let end = min(recordEnd, bytes.count, scanned + fields.unread)
            try fields.read(bytes, scanned..<end)
            scanned = end
        }
    }

    /// Reads the header of the next record; false if it isn't all there yet.
    private mutating func readHeader(_ bytes: Span<UInt8>) throws(HelloFault) -> Bool {
        let count = bytes.count - scanned
        guard bytes[scanned] == RecordHeader.handshake else { throw .notHandshake }
        guard scanned + RecordHeader.byteCount + fields.unread <= Self.byteCountMax
        else { throw .tooLong }
        guard count < 2 || bytes[scanned + 1] == 3 else { throw .recordVersion }
        guard count >= RecordHeader.byteCount else { return false }
        let length = RecordHeader.length(bytes, scanned)
        guard (1...RecordHeader.lengthMax).contains(length) else { throw .recordLength }
        scanned += RecordHeader.byteCount
        recordEnd = scanned + length
        return true
    }
}

/// The header of a record (RFC 8446 section 5.1): its type, a version, and its length.
enum RecordHeader {
    static var byteCount: Int { 5 }
    static var handshake: UInt8 { 22 }
    static var lengthMax: Int { 1 << 14 }

    /// The bytes that follow the header at `start`.
    static func length(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
    }
}
