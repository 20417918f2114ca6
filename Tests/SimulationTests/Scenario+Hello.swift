import Proxy

/// What clients of tunnels that must be TLS say first.
extension Scenario {
    /// How the first bytes differ from what they should be.
    private enum Fault: CaseIterable { case none, notTLS, noName, otherName, encrypted, broken }

    /// Makes the first bytes of `life`, whose tunnel leads to `name`, or to an address.
    mutating func rollHello(_ life: Life, _ name: String?) {
        life.mustBeTLS = true
        let fault = dice.chance(600) ? .none : dice.pick(Fault.allCases)
        let spoken: String? =
            switch fault {
            case .noName: nil
            case .otherName: "other.test"
            case .none, .notTLS, .encrypted, .broken: name
            }
        var message = Scenario.hello(spoken, isEncrypted: fault == .encrypted)
        if fault == .broken { message[dice.pick([0, 3, 38])] ^= 1 }
        if fault != .notTLS {
            life.hello = Scenario.records(message, of: dice.pick([1, 7, 60, 16384]))
            // Most say all of it.
            if dice.chance(900) { life.clientTotal += life.hello.count }
        }
        life.mayPass = mayPass(fault, name) && life.clientTotal >= life.hello.count
    }

    private func mayPass(_ fault: Fault, _ name: String?) -> Bool {
        let matches = configuration.tlsServerName == .match
        return switch fault {
        case .none: true
        case .notTLS, .broken: false
        case .noName: !matches || name == nil || configuration.tlsMissingName == .allow
        case .otherName: !matches
        case .encrypted: configuration.tlsEncryptedHello == .allow
        }
    }

    private static func vector(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    private static func hello(_ name: String?, isEncrypted: Bool) -> [UInt8] {
        var extensions: [UInt8] = [0, 43] + vector([2, 3, 4], 2)
        if isEncrypted {
            let outer: [UInt8] = [0, 0, 1, 0, 1, 7, 0, 0, 0, 1, 5]
            extensions += [0xfe, 0x0d] + vector(outer, 2)
        }
        if let name {
            let entry = [0] + vector(Array(name.utf8), 2)
            extensions += [0, 0] + vector(vector(entry, 2), 2)
        }
        let start: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32)
        return [1] + vector(start + [0, 0, 2, 0x13, 1, 1, 0] + vector(extensions, 2), 3)
    }

    private static func records(_ message: [UInt8], of size: Int) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(Array(message[start..<min(start + size, message.count)]), 2)
        }
    }
}
