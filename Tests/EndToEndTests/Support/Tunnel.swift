import Testing

/// An end of a tunnel.
enum Side: String, CaseIterable, CustomTestStringConvertible {
    case client, upstream

    var other: Side { self == .client ? .upstream : .client }
    /// What this side sends.
    var pattern: Pattern { self == .client ? .outbound : .inbound }
    var testDescription: String { rawValue }
}

/// A tunnel with the test at both of its ends.
struct Tunnel: @unchecked Sendable {
    let culvert: Culvert
    let origin: Origin
    let client: Stream
    let upstream: Stream

    init(_ culvert: Culvert, early: [UInt8] = []) throws {
        self.culvert = culvert
        origin = try Origin()
        client = try Stream.tunnel(culvert, to: origin.authority, early: early)
        upstream = try origin.accept()
    }

    subscript(side: Side) -> Stream { side == .client ? client : upstream }

    /// Sends a message each way.
    func exchange() throws {
        for side in Side.allCases {
            try self[side].send("hello, \(side.other)")
            let count = "hello, \(side.other)".utf8.count
            let received = try self[side.other].receive(exactly: count)
            #expect(String(decoding: received, as: UTF8.self) == "hello, \(side.other)")
        }
    }

    /// Expects that it has ended for `reason`, by the journal.
    @discardableResult
    func expectEnd(
        _ reason: String,
        by side: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Culvert.Record {
        let end = try culvert.end(of: origin.authority)
        #expect(end["reason"] as? String == reason, sourceLocation: sourceLocation)
        #expect(end["status"] as? Int == 200, sourceLocation: sourceLocation)
        if let side {
            #expect(end["ended_by"] as? String == side, sourceLocation: sourceLocation)
        }
        return end
    }
}
