public import Connect

/// What the first bytes of one tunnel must be.
public struct TLSRequirement: Equatable, Sendable {
    /// Whether they must be a ClientHello; if not, nothing is looked at.
    public var isTLS: Bool
    /// Whether its server name must be that of the tunnel, or one of the further names.
    public var matchesName: Bool
    /// Whether it may name none where the name must match.
    public var allowsMissingName: Bool
    /// Whether it may hold an encrypted ClientHello.
    public var allowsEncrypted: Bool

    /// A requirement of these parts.
    public init(isTLS: Bool, matchesName: Bool, allowsMissingName: Bool, allowsEncrypted: Bool) {
        self.isTLS = isTLS
        self.matchesName = matchesName
        self.allowsMissingName = allowsMissingName
        self.allowsEncrypted = allowsEncrypted
    }

    /// The requirement in the word of a policy file.
    public var demand: TLSDemand { !isTLS ? .off : matchesName ? .sni : .required }

    /// Any bytes will do.
    public static var none: TLSRequirement {
        TLSRequirement(
            isTLS: false,
            matchesName: false,
            allowsMissingName: true,
            allowsEncrypted: true
        )
    }
}

/// Which tunnels must be TLS, and what their ClientHello must say.
public struct TLSRules: Sendable {
    /// The ports whose tunnels must be TLS.
    public let ports: [ClosedRange<UInt16>]
    /// What is required of them.
    public let requirement: TLSRequirement
    /// Server names that are fine besides the host of the tunnel.
    public let furtherNames: [HostPattern]

    /// The rules of these ports, their requirement and further names.
    public init(
        ports: [ClosedRange<UInt16>],
        requirement: TLSRequirement,
        furtherNames: [HostPattern]
    ) {
        self.ports = ports
        self.requirement = requirement
        self.furtherNames = furtherNames
    }

    /// What is required of a tunnel to `port`, if its rule demands this; nil if it says nothing.
    ///
    /// A rule that says something stands above ports and names; whether a ClientHello may be
    /// encrypted or nameless is the same for all.
    public func requirement(port: UInt16, _ demand: TLSDemand? = nil) -> TLSRequirement {
        if let demand {
            return demand == .off
                ? .none
                : TLSRequirement(
                    isTLS: true,
                    matchesName: demand == .sni,
                    allowsMissingName: requirement.allowsMissingName,
                    allowsEncrypted: requirement.allowsEncrypted
                )
        }
        for range in ports where range.contains(port) { return requirement }
        return .none
    }

    /// Why `hello` doesn't meet the `requirement` of a tunnel to `host`; nil if it does.
    ///
    /// A tunnel to an address needs no server name: there is none that the client could send. If
    /// it sends one all the same, that must be one of the further names.
    public func refusal(
        of hello: ClientHello,
        to host: Host,
        _ requirement: TLSRequirement
    ) -> TLSRefusal? {
        if hello.isEncrypted, !requirement.allowsEncrypted { return .encryptedHello }
        guard requirement.matchesName else { return nil }
        guard let name = hello.serverName else {
            if case .address = host { return nil }
            return requirement.allowsMissingName ? nil : .nameMissing
        }
        if host == .name(name) { return nil }
        for pattern in furtherNames where pattern.matches(.name(name)) { return nil }
        return .nameMismatch
    }
}
