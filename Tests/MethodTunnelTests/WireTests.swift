import MethodTunnel
import Testing

private let id = SessionID(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)
private let idText = "0123456789abcdeffedcba9876543210"
private let stream = StreamNumber(slot: 3, generation: 7)

@Suite struct TargetTests {
    private static func target(_ text: String) -> Target? {
        let bytes = Array(text.utf8)
        return Target(parsing: bytes.span, in: bytes.indices)
    }

    @Test(
        arguments: [
            ("make/1?00000000000000ff", .make(version: 1), .none),
            ("-/open/28675?00000000000000ff", .open(stream), .field),
            ("-/send/3/0?00000000000000ff", .send(lane: 3, offset: 0), .field),
            (
                "-/poll/0/4611686018427387903/55/16777216?00000000000000ff",
                .poll(lane: 0, offset: 1 << 62 - 1, waitSeconds: 55, size: 1 << 24), .field
            ),
            (
                "\(idText)/flow/1/2/3/4?00000000000000ff",
                .flow(lane: 1, offset: 2, waitSeconds: 3, size: 4), .path(id)
            ), ("\(idText)/end/28675?00000000000000ff", .end(stream), .path(id)),
            ("-/quit?00000000000000ff", .quit, .field),
        ] as [(String, TunnelOperation, SessionReference)]
    )
    func `a target is written as it is read`(
        _ text: String,
        _ operation: TunnelOperation,
        _ session: SessionReference
    ) {
        let target = Target(operation, session: session, serial: 255)
        var bytes: [UInt8] = []
        target.write(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(Self.target(text) == target)
    }

    @Test(
        arguments: [
            "", "?", "make/1", "/make/1?00000000000000ff", "make/1/?00000000000000ff",
            "make/01?00000000000000ff", "make/?00000000000000ff", "make?00000000000000ff",
            "make/1?0000000000000FF", "make/1?0000000000000fF", "make/1?0ff",
            "make/1?00000000000000ff&a", "make/1?000000000000000ff", "MAKE/1?00000000000000ff",
            "-/make/1?00000000000000ff", "-/quit/?00000000000000ff", "-//quit?00000000000000ff",
            "--/quit?00000000000000ff", "quit?00000000000000ff",
            "0123456789abcdeffedcba987654321/quit?00000000000000ff",
            "0123456789ABCDEFfedcba9876543210/quit?00000000000000ff",
            "-/open/0?00000000000000ff", "-/open/4095?00000000000000ff",
            "-/open/4294967296?00000000000000ff", "-/open/4096/1?00000000000000ff",
            "-/send/4/0?00000000000000ff", "-/send/0?00000000000000ff",
            "-/send/0/-1?00000000000000ff", "-/send/0/+1?00000000000000ff",
            "-/send/0/4611686018427387904?00000000000000ff",
            "-/send/0/99999999999999999999?00000000000000ff",
            "-/send/0/18446744073709551617?00000000000000ff", "-/send/0/%30?00000000000000ff",
            "-/poll/0/0/0?00000000000000ff", "-/poll/0/0/0/0/0?00000000000000ff",
            "-/pull/0/0/0/0?00000000000000ff",
        ]
    )
    func `anything else is no target`(_ text: String) {
        #expect(Self.target(text) == nil)
    }

    @Test func `each operation has its method`() {
        #expect(TunnelOperation.make(version: 1).method == "POST")
        #expect(TunnelOperation.open(stream).method == "POST")
        #expect(TunnelOperation.send(lane: 0, offset: 0).method == "PUT")
        #expect(TunnelOperation.poll(lane: 0, offset: 0, waitSeconds: 0, size: 0).method == "GET")
        #expect(TunnelOperation.flow(lane: 0, offset: 0, waitSeconds: 0, size: 0).method == "GET")
        #expect(TunnelOperation.end(stream).method == "DELETE")
        #expect(TunnelOperation.quit.method == "DELETE")
    }
}

@Suite struct PreambleTests {
    @Test func `a preamble has 24 bytes, and is written as it is read`() {
        let serial: UInt64 = 0x0102_0304_0506_0708
        let preamble = Preamble(.refused, serial: serial, value: 9, refusedStatus: 502)
        var bytes: [UInt8] = []
        preamble.write(to: &bytes)
        let expected: [UInt8] =
            [0x43, 0x56, 0x4d, 0x54, 1, 6, 1, 0xf6] + [1, 2, 3, 4, 5, 6, 7, 8]
            + [0, 0, 0, 0, 0, 0, 0, 9]
        #expect(bytes == expected)
        #expect(Preamble(decoding: bytes.span) == preamble)
        for count in 0..<24 { #expect(Preamble(decoding: Array(bytes[..<count]).span) == nil) }
        for index in 0..<5 {
            var other = bytes
            other[index] ^= 0x20
            #expect(Preamble(decoding: other.span) == nil)
        }
        bytes[5] = 11
        #expect(Preamble(decoding: bytes.span) == nil)
    }

    @Test func `each result has the status of the format`() {
        let statuses: [UInt16] = [200, 404, 409, 409, 503, 410, 200, 429, 400, 400, 503]
        #expect(AnswerResult.allCases.map(\.status) == statuses)
        #expect(AnswerResult.allCases.map { Int($0.rawValue) } == Array(0...10))
    }
}

@Suite struct ParametersTests {
    private static func bytes(_ pairs: [(UInt32, UInt32)]) -> [UInt8] {
        pairs.flatMap { [$0.0, $0.1] }.flatMap { number in
            [24, 16, 8, 0].map { UInt8(number >> UInt32($0) & 0xff) }
        }
    }

    @Test func `parameters are written as they are read`() throws {
        var parameters = Parameters()
        parameters.streamWindow = 4096
        parameters.grace = 77
        var bytes: [UInt8] = [1, 2, 3]
        parameters.write(as: .server, to: &bytes)
        #expect(bytes.count == 3 + 9 * 8)
        #expect(Parameters(decoding: bytes.span, from: 3) == parameters)
        var own: [UInt8] = []
        parameters.write(as: .client, to: &own)
        #expect(own == Self.bytes([(1, 4096), (2, 1_048_576), (3, 4)]))
    }

    @Test func `unknown keys are ignored, absent ones have their defaults`() {
        let bytes = Self.bytes([(0, 1), (10, 1), (.max, .max), (3, 2)])
        var expected = Parameters()
        expected.lanes = 2
        #expect(Parameters(decoding: bytes.span, from: 0) == expected)
        #expect(Parameters(decoding: [UInt8]().span, from: 0) == Parameters())
    }

    @Test(
        arguments: [
            [(1, 4095)], [(1, 1 << 24 + 1)], [(2, 65535)], [(3, 0)], [(3, 5)], [(4, 4097)],
            [(5, 0)], [(6, .max)], [(8, 9)], [(9, 100)], [(3, 2), (3, 2)],
        ] as [[(UInt32, UInt32)]]
    )
    func `values out of range and repeated keys are malformed`(_ pairs: [(UInt32, UInt32)]) {
        let bytes = Self.bytes(pairs)
        #expect(Parameters(decoding: bytes.span, from: 0) == nil)
        #expect(Parameters(decoding: Array(bytes.dropLast()).span, from: 0) == nil)
    }

    @Test func `the terms are what both ends say`() {
        var client = Parameters()
        client.streamWindow = 5000
        client.lanes = 3
        var server = Parameters()
        server.sessionWindow = 70_000
        server.slots = 9
        server.laneCapacity = 40_000
        let own = Parameters.terms(.client, client: client, server: server)
        #expect(own.streamWindow == 5000 && own.peerStreamWindow == 65536)
        #expect(own.peerSessionWindow == 70_000 && own.slots == 9 && own.lanes == 3)
        #expect(own.peerLaneCapacity == 40_000)
        let other = Parameters.terms(.server, client: client, server: server)
        #expect(other.peerStreamWindow == 5000 && other.sessionWindow == 70_000)
        #expect(other.laneCapacity == 40_000 && other.lanes == 3)
    }
}
