internal import Connect
internal import MethodTunnel

/// The tunnel without CONNECT as a worker offers it: where, and within which limits.
struct MethodTerms: Sendable {
    /// The path below which its requests stand, with a slash at its end; empty if there is none.
    private let base: [UInt8]
    /// What every session is told of this server.
    let parameters: Parameters
    /// Sessions of each worker.
    let sessionsMax: Int
    /// Nanoseconds that the body of a request may take.
    let bodyTimeout: UInt64

    /// Bytes of a request's body, where it is not bytes of a lane.
    static var bodyMax: Int { 1024 }
    /// Nanoseconds of silence after which a streaming answer has a byte sent.
    static var padAfter: UInt64 { 15_000_000_000 }
    /// Nanoseconds that a connection may wait for its next request, or an answer for its reader.
    static var patience: UInt64 { 60_000_000_000 }

    init(_ configuration: Configuration) {
        let path = configuration.methodTunnel
        base = path.isEmpty ? [] : Array((path.hasSuffix("/") ? path : path + "/").utf8)
        var parameters = Parameters()
        parameters.streamWindow = 1 << 19
        parameters.sessionWindow = 1 << 21
        parameters.slots = 512
        // More than a client takes of a stream, so that its windows tell what it has by the way.
        parameters.laneCapacity = 6 << 20
        // A client that waits isn't heard: it must ask again well within its grace time.
        let wait = min(configuration.pollTimeout, configuration.sessionGrace / 2)
        parameters.waitMax = UInt32(clamping: max(wait / 1_000_000_000, 1))
        parameters.grace = UInt32(clamping: configuration.sessionGrace / 1_000_000_000)
        self.parameters = parameters
        sessionsMax = path.isEmpty ? 0 : configuration.sessionsMax
        bodyTimeout = configuration.bodyTimeout
    }

    /// Whether there is such a tunnel.
    var isOn: Bool { !base.isEmpty }

    /// Where in `head` the target of an operation stands, if `path` is below the tunnel's.
    func target(_ head: Span<UInt8>, _ path: Range<Int>) -> Range<Int>? {
        guard isOn, path.count >= base.count else { return nil }
        for index in 0..<base.count where head[path.lowerBound + index] != base[index] {
            return nil
        }
        return (path.lowerBound + base.count)..<path.upperBound
    }

    /// Whether the request that begins with `bytes` is one for this tunnel, as far as it goes.
    func claims(_ bytes: Span<UInt8>, _ limits: HeadLimits) -> Bool {
        guard isOn else { return false }
        var parser = RequestHeadParser()
        _ = parser.parse(bytes, limits: limits)
        guard let path = parser.pathSoFar else { return false }
        return target(bytes, path) != nil
    }

    /// Bytes that the body of a request for `operation` may have.
    func bodyLimit(_ operation: TunnelOperation) -> UInt64 {
        switch operation {
        case .send: UInt64(parameters.sendMax)
        case .make, .open: UInt64(Self.bodyMax)
        case .poll, .flow, .end, .quit: 0
        }
    }

    /// Blocks in which the bytes of one session wait: those that its window can fill, and one for
    /// each stream that has but a few.
    var blocksPerSession: Int {
        Int(parameters.sessionWindow) / blockSize + Int(parameters.slots)
    }

    /// Bytes of one of them.
    var blockSize: Int {
        var terms = SessionTerms()
        terms.streamWindow = Int(parameters.streamWindow)
        return terms.blockSize
    }
}
