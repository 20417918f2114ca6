public import Connect
public import Internet

/// What the rules say of one destination.
public enum Verdict: Equatable, Sendable {
    /// It may be dialled.
    case allowed
    /// It may be dialled unless the address is one of this host's own, which only the kernel knows.
    case allowedUnlessLocal
    /// It may not, for this reason.
    case refused(Refusal)

    /// The reason, if it may not.
    public var refusal: Refusal? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal
    }
}

/// Where clients may be connected to.
///
/// A destination is judged twice: its port when the head has been read, and each of its addresses
/// when they are known. What was judged is what is dialled.
public struct EgressRules: Sendable {
    /// The ports that may be asked for.
    public let allowedPorts: [ClosedRange<UInt16>]
    /// Whether loopback, private, link-local, shared and test addresses may be dialled.
    public let allowsPrivate: Bool
    /// What this proxy itself listens on; never dialled.
    public let ownListeners: [Endpoint]

    /// The rules of these ports, addresses and listeners.
    public init(
        allowedPorts: [ClosedRange<UInt16>],
        allowsPrivate: Bool,
        ownListeners: [Endpoint]
    ) {
        self.allowedPorts = allowedPorts
        self.allowsPrivate = allowsPrivate
        self.ownListeners = ownListeners.map { listener in
            Endpoint(listener.address.unmapped, port: listener.port)
        }
    }

    /// Judges a port, before any name is resolved.
    public func verdict(port: UInt16) -> Verdict {
        for range in allowedPorts where range.contains(port) { return .allowed }
        return .refused(.portNotAllowed)
    }

    /// Judges an address to be dialled at `port`, which has been judged already.
    ///
    /// A rule may have opened it though it is special: `isOpened` says so.
    public func verdict(address: Address, port: UInt16, isOpened: Bool = false) -> Verdict {
        let destination = Endpoint(address.unmapped, port: port)
        for listener in ownListeners where listener == destination {
            return .refused(.ownListener)
        }
        let addressClass = AddressClass(address)
        guard Self.canBeOpened(addressClass) else { return .refused(.addressOfNoHost) }
        guard addressClass == .public || allowsPrivate || isOpened else {
            return .refused(.addressProhibited)
        }
        for listener in ownListeners where listener.port == port {
            if Self.isWildcard(listener.address) { return .allowedUnlessLocal }
        }
        return .allowed
    }

    /// Whether an operator can have addresses of this class dialled.
    private static func canBeOpened(_ addressClass: AddressClass) -> Bool {
        switch addressClass {
        case .public, .documentation, .benchmarking, .shared, .private, .linkLocal, .loopback: true
        case .protocolAssignments, .reserved, .broadcast, .multicast, .unspecified: false
        }
    }

    /// Whether a listener on `address` answers at every address of this host.
    private static func isWildcard(_ address: Address) -> Bool {
        address.high == 0 && address.low == 0
    }
}
