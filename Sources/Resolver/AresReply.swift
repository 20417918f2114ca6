internal import CAres
internal import Internet

/// One of the two questions that a look-up asks.
enum Family: UInt8 {
    case v6, v4
}

/// What came of one question.
struct Reply {
    /// The look-up that asked.
    let lookUp: UInt32
    /// The question it asked.
    let family: Family
    /// What was learned; never pending.
    var answer: FamilyAnswer
    /// The addresses, empty unless the answer is `.addresses`.
    var addresses = AddressList()
    /// For how long the servers let it be remembered; nil if the failure is ours to judge.
    var seconds: UInt32?
}

extension Reply {
    /// Reads the message that the servers sent, and the library's verdict on it.
    init(
        lookUp: UInt32,
        family: Family,
        status: Int32,
        message: UnsafeBufferPointer<UInt8>
    ) {
        self.lookUp = lookUp
        self.family = family
        switch status {
        case ARES_SUCCESS:
            answer = .failed
            unsafe readAddresses(message)
        case ARES_ENODATA:
            answer = .none
            seconds = unsafe NegativeTTL.seconds(in: message.span) ?? 0
        case ARES_ENOTFOUND:
            answer = .notFound
            seconds = unsafe NegativeTTL.seconds(in: message.span) ?? 0
        case ARES_ETIMEOUT:
            answer = .timedOut
        default:
            answer = .failed
        }
    }

    private mutating func readAddresses(_ message: UnsafeBufferPointer<UInt8>) {
        let (status, ttl) =
            switch family {
            case .v6: unsafe readV6(message)
            case .v4: unsafe readV4(message)
            }
        if addresses.count > 0 {
            answer = .addresses
            seconds = UInt32(max(0, ttl))
        } else if status == ARES_SUCCESS || status == ARES_ENODATA {
            // Aliases that lead to a name without an address of this family.
            answer = .none
            seconds = unsafe NegativeTTL.seconds(in: message.span) ?? 0
        }
    }

    private mutating func readV4(_ message: UnsafeBufferPointer<UInt8>) -> (Int32, Int32) {
        unsafe withUnsafeTemporaryAllocation(
            of: ares_addrttl.self,
            capacity: AddressList.countMax
        ) { records in
            var count = Int32(records.count)
            var ttl = Int32.max
            let status = unsafe ares_parse_a_reply(
                message.baseAddress,
                Int32(message.count),
                nil,
                records.baseAddress,
                &count
            )
            guard status == ARES_SUCCESS else { return (status, 0) }
            for index in 0..<Int(count) {
                let record = unsafe records[index]
                ttl = min(ttl, record.ttl)
                addresses.append(Address(v4: UInt32(bigEndian: record.ipaddr.s_addr)))
            }
            return (status, ttl)
        }
    }

    private mutating func readV6(_ message: UnsafeBufferPointer<UInt8>) -> (Int32, Int32) {
        unsafe withUnsafeTemporaryAllocation(
            of: ares_addr6ttl.self,
            capacity: AddressList.countMax
        ) { records in
            var count = Int32(records.count)
            var ttl = Int32.max
            let status = unsafe ares_parse_aaaa_reply(
                message.baseAddress,
                Int32(message.count),
                nil,
                records.baseAddress,
                &count
            )
            guard status == ARES_SUCCESS else { return (status, 0) }
            for index in 0..<Int(count) {
                let record = unsafe records[index]
                ttl = min(ttl, record.ttl)
                unsafe withUnsafeBytes(of: record.ip6addr) { bytes in
                    let high = unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
                    let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    let address = Address(v6: UInt64(bigEndian: high), UInt64(bigEndian: low))
                    addresses.append(address)
                }
            }
            return (status, ttl)
        }
    }
}
