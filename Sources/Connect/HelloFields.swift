internal import Internet

/// The fields of a ClientHello (RFC 8446 section 4.1.2), read in order out of fragments.
///
/// Each length is held against what it is within, so that every field ends exactly where the one
/// around it does.
struct HelloFields: Sendable {
    private enum Field: UInt8 {
        case messageType, messageLength, version, random
        case sessionLength, session, suitesLength, suites, methodsLength, methods
        case extensionsLength, extensionType, extensionLength, extensionBody
        case nameListLength, nameType, nameLength, name
        case encryptedType, encryptedSuite, keyLength, key, payloadLength, payload
        case complete
    }

    private enum Extension {
        static var serverName: Int { 0 }
        static var encryptedHello: Int { 0xfe0d }
    }

    /// Bytes of the message that haven't been read; until its length is known, of type and length.
    private(set) var unread = 4
    /// Whether the length of the message has been read.
    private(set) var isLengthKnown = false
    /// Whether it holds an encrypted ClientHello.
    private(set) var isEncrypted = false
    private var field = Field.messageType
    /// Bytes of the field that haven't been read.
    private var left = 1
    /// The number that the bytes read of the field make.
    private var value = 0
    private var extensionType = 0
    /// Bytes of the message that follow the extension under way.
    private var behind = 0
    private var hasNullMethod = false
    /// Where in the message the server name begins, and its length; zero while there is none.
    private var nameStart = 0
    private var nameCount = 0
    private var messageCount = 4

    /// Reads the bytes of `range`, which are the next of the message and no more than it has left.
    ///
    /// - Parameters:
    ///   - bytes: All bytes of the tunnel so far.
    ///   - range: Those to read, all in one record.
    /// - Throws: What is wrong with the message.
    mutating func read(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HelloFault) {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = index + min(left, range.upperBound - index)
            left -= end - index
            unread -= end - index
            if isNumber {
                while index < end {
                    value = value << 8 | Int(bytes[index])
                    index += 1
                }
            } else if field == .methods {
                while index < end {
                    hasNullMethod = hasNullMethod || bytes[index] == 0
                    index += 1
                }
            }
            index = end
            while left == 0, field != .complete { try finish(bytes) }
        }
    }

    private var isNumber: Bool {
        switch field {
        case .random, .session, .suites, .methods, .extensionBody, .name, .encryptedSuite, .key,
            .payload, .complete:
            false
        default: true
        }
    }

    /// The field `next` of `count` bytes begins.
    private mutating func begin(_ next: Field, _ count: Int) throws(HelloFault) {
        guard count <= unread - behind else { throw .length }
        field = next
        left = count
        value = 0
    }

    /// The field under way has been read: begins the next one.
    private mutating func finish(_ bytes: Span<UInt8>) throws(HelloFault) {
        switch field {
        case .messageType:
            guard value == 1 else { throw .notClientHello }
            try begin(.messageLength, 3)
        case .messageLength:
            unread = value
            messageCount = 4 + value
            isLengthKnown = true
            try begin(.version, 2)
        case .version:
            guard (0x0301...0x03ff).contains(value) else { throw .version }
            try begin(.random, 32)
        case .random: try begin(.sessionLength, 1)
        case .sessionLength:
            guard value <= 32 else { throw .length }
            try begin(.session, value)
        case .session: try begin(.suitesLength, 2)
        case .suitesLength:
            guard value >= 2, value % 2 == 0 else { throw .length }
            try begin(.suites, value)
        case .suites: try begin(.methodsLength, 1)
        case .methodsLength: try begin(.methods, value)
        case .methods:
            guard hasNullMethod else { throw .compression }
            // Before TLS 1.3 there need not be extensions.
            if unread == 0 { field = .complete } else { try begin(.extensionsLength, 2) }
        case .extensionsLength:
            guard value == unread else { throw .length }
            try finishExtension()
        case .extensionType:
            extensionType = value
            try begin(.extensionLength, 2)
        case .extensionLength: try beginExtension()
        case .extensionBody: try finishExtension()
        case .nameListLength, .nameType, .nameLength, .name: try finishInServerName(bytes)
        default: try finishInEncryptedHello()
        }
    }

    // MARK: Extensions

    private mutating func beginExtension() throws(HelloFault) {
        guard value <= unread else { throw .length }
        behind = unread - value
        switch extensionType {
        case Extension.serverName:
            guard nameCount == 0 else { throw .serverName }
            try begin(.nameListLength, 2)
        case Extension.encryptedHello:
            guard !isEncrypted else { throw .encryptedHello }
            try begin(.encryptedType, 1)
        default: try begin(.extensionBody, value)
        }
    }

    private mutating func finishExtension() throws(HelloFault) {
        behind = 0
        if unread == 0 { field = .complete } else { try begin(.extensionType, 2) }
    }

    /// RFC 6066 section 3: a list that holds one name of the type host_name.
    private mutating func finishInServerName(_ bytes: Span<UInt8>) throws(HelloFault) {
        switch field {
        case .nameListLength:
            guard value == unread - behind else { throw .length }
            try begin(.nameType, 1)
        case .nameType:
            guard value == 0 else { throw .serverName }
            try begin(.nameLength, 2)
        case .nameLength:
            guard value <= unread - behind else { throw .length }
            guard value == unread - behind, (1...Self.nameCountMax).contains(value)
            else { throw .serverName }
            nameStart = messageCount - unread
            nameCount = value
            try begin(.name, value)
        default:
            guard serverName(bytes) != nil else { throw .serverName }
            try finishExtension()
        }
    }

    /// RFC 9849 section 5: what a client sends is the outer one.
    private mutating func finishInEncryptedHello() throws(HelloFault) {
        switch field {
        case .encryptedType:
            guard value == 0 else { throw .encryptedHello }
            isEncrypted = true
            // The cipher suite and the number of the server's key.
            try begin(.encryptedSuite, 5)
        case .encryptedSuite: try begin(.keyLength, 2)
        case .keyLength: try begin(.key, value)
        case .key: try begin(.payloadLength, 2)
        case .payloadLength:
            guard value > 0, value == unread - behind else { throw .length }
            try begin(.payload, value)
        default: try finishExtension()
        }
    }

    // MARK: The server name

    /// The bytes of a name, with a dot at its end.
    private static var nameCountMax: Int { 254 }

    /// The server name, whose last byte has been read; nil if there is none, or if it is invalid.
    func serverName(_ bytes: Span<UInt8>) -> Name? {
        guard nameCount > 0 else { return nil }
        var text = InlineArray<254, UInt8>(repeating: 0)
        var count = 0
        // Where the record begins, and how much of the message stands before it.
        var start = 0
        var before = 0
        while count < nameCount {
            let length = RecordHeader.length(bytes, start)
            let first = start + RecordHeader.byteCount
            while count < nameCount, nameStart + count - before < length {
                text[count] = bytes[first + nameStart + count - before]
                count += 1
            }
            before += length
            start = first + length
        }
        return Name(parsing: text.span, in: 0..<nameCount)
    }
}
