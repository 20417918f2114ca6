public import Connect
internal import Internet

/// Where the server of a tunnel is: a URL of plain HTTP.
public struct ServerLocation: Equatable, Sendable {
    /// Host and port.
    public let authority: Authority
    /// The host as the URL has it, for Proxy-Status and messages.
    public let hostText: String
    /// Host and port as they stand in the field Host: the port only if it isn't 80.
    public let hostField: String
    /// The path that the server's operator chose, without a slash at its end.
    public let path: String

    /// Reads `http://host[:port]/path`.
    ///
    /// - Throws: `LocationError` that says what to do.
    public init(_ text: String) throws(LocationError) {
        let rest = try Self.withoutScheme(text)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let place = String(rest[..<slash])
        guard !place.contains("@") else {
            throw LocationError("credentials don't belong in the URL; put them into --credentials")
        }
        let authority = try Self.authority(place, port: 80)
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        guard path.utf8.allSatisfy(Self.mayStandInPath) else {
            throw LocationError("the path may have no space, query, fragment or control character")
        }
        guard path.utf8.count <= 1024 else { throw LocationError("the path is too long") }
        self.authority = authority
        self.path = path
        hostField = authority.port == 80 && !place.hasSuffix(":80") ? place : "\(authority)"
        let full = "\(authority)"
        hostText = String(full.prefix(upTo: full.lastIndex(of: ":") ?? full.endIndex))
    }

    /// The URL without its scheme, which must be http.
    static func withoutScheme(_ text: String) throws(LocationError) -> Substring {
        let scheme = "http://"
        if text.lowercased().hasPrefix("https://") {
            throw LocationError(
                "TLS to the server is not spoken; use http://, and TLS or SSH within the tunnel"
            )
        }
        guard text.lowercased().hasPrefix(scheme) else {
            throw LocationError("allowed is http://HOST[:PORT]/PATH")
        }
        return text.dropFirst(scheme.count)
    }

    /// Reads `host[:port]`.
    static func authority(_ text: String, port: Int) throws(LocationError) -> Authority {
        for text in [text, "\(text):\(port)"] {
            let bytes = Array(text.utf8)
            guard !bytes.isEmpty,
                let authority = Authority(parsing: bytes.span, in: bytes.indices)
            else { continue }
            return authority
        }
        throw LocationError("'\(text)' is no host and port; an IPv6 address stands in brackets")
    }

    private static func mayStandInPath(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
    }
}

extension ServerLocation: CustomStringConvertible {
    /// The URL.
    public var description: String { "http://\(hostField)\(path)" }
}

/// A URL that can't be used: why, and what to do.
public struct LocationError: Error, CustomStringConvertible {
    /// The words for it.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The network's own proxy, as the environment names it.
public struct ProxyLocation: Equatable, Sendable {
    /// Host and port.
    public let authority: Authority
    /// User and password with a colon between; empty: none.
    public let credentials: [UInt8]

    /// Reads the value of `http_proxy`: `[http://][user:password@]host[:port][/]`.
    ///
    /// - Throws: `LocationError` that says what to do.
    public init(_ text: String) throws(LocationError) {
        var rest = text[...]
        if text.contains("://") { rest = try ServerLocation.withoutScheme(text) }
        var credentials: [UInt8] = []
        // Whatever stands before it, such as a slash: no part of a password is taken for a host.
        if let mark = rest.lastIndex(of: "@") {
            credentials = try Self.decoded(rest[..<mark].utf8)
            if !credentials.contains(UInt8(ascii: ":")) { credentials.append(UInt8(ascii: ":")) }
            guard BasicCredentials.value(credentials) != nil else {
                throw LocationError("the credentials must be \(BasicCredentials.form)")
            }
            rest = rest[rest.index(after: mark)...]
        }
        if let slash = rest.firstIndex(of: "/") { rest = rest[..<slash] }
        authority = try ServerLocation.authority(String(rest), port: 80)
        self.credentials = credentials
    }

    /// Whether `list`, the value of `no_proxy`, names `server`: by a name it is or ends in, by its
    /// address, or by a star.
    public static func isExempt(_ server: ServerLocation, _ list: String) -> Bool {
        let host = server.hostText.lowercased()
        return list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }).contains {
            let entry = $0.hasPrefix(".") ? $0.dropFirst() : $0
            return entry == "*" || host == entry || host.hasSuffix(".\(entry)")
                || host == "[\(entry)]"
        }
    }

    /// Decodes percent-encoding (RFC 3986 section 2.1).
    private static func decoded(_ text: Substring.UTF8View) throws(LocationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(Substring(rest.prefix(2)))
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value >= 0x20
            else { throw LocationError("the credentials have a % that no two digits follow") }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return bytes
    }
}
