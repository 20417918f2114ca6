internal import Internet
internal import Kernel

/// What hostile clients do.
struct HostileScript: Sendable {
    /// The proxy that they are hostile to.
    var proxy: Endpoint
    /// An origin of their own, whose complaints nobody hears.
    var origin: Endpoint
    /// Fields of a head besides Host, with their ends of line.
    var fields: String
    /// The behaviours, which are dealt out in turn.
    var kinds: [Hostility]
    /// Clients at once.
    var count: Int
    /// Nanoseconds between two octets of a slow head, two reads of a slow reader, and two clients
    /// in one place.
    var interval: UInt64
    var seed: UInt64

    /// Bytes of an oversized head, after which it is given up.
    static var oversize: Int { 4 << 20 }
    /// Bytes of one send of fields.
    static var fillSize: Int { 16384 }

    /// Which of the places are for `kind`.
    func place(of kind: Hostility) -> Int? { kinds.firstIndex(of: kind) }

    /// A head but for its end.
    var begunHead: String {
        "CONNECT \(origin) HTTP/1.1\r\nHost: \(origin)\r\n\(fields)"
    }
}
