import Testing

extension AloneTests {
    /// Many bytes, and many writes of few.
    @Suite struct Volume {
        private static let modes = ["auto", "copy", "splice", "ring-splice"]
        private static let gibibyte = 1 << 30
        private static let outbound = Result { try RandomStream() }
        private static let inbound = Result { try RandomStream() }
        private static let outboundDigest = Result { try outbound.get().digest(gibibyte) }
        private static let inboundDigest = Result { try inbound.get().digest(gibibyte) }

        /// Reads `stream` to its end, and compares what came by its digest.
        private static func expect(_ sent: Result<String, any Error>, from stream: Stream) throws {
            let expected = try sent.get()
            let received = try digestToEnd(stream)
            #expect(received == expected)
        }

        private static func digestToEnd(_ stream: Stream) throws -> String {
            let digest = try Digest()
            while true {
                let bytes = try stream.receive(1 << 20)
                guard !bytes.isEmpty else { return try digest.finish() }
                try digest.update(bytes)
            }
        }

        @Test(arguments: modes)
        func `a gibibyte each way at once arrives as it was sent`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority)
            let upstream = try origin.accept()
            let outbound = try Self.outbound.get()
            let inbound = try Self.inbound.get()
            try Crew.run([
                {
                    try outbound.read(Self.gibibyte) { try client.send($0) }
                    try client.finish()
                },
                {
                    try inbound.read(Self.gibibyte) { try upstream.send($0) }
                    try upstream.finish()
                },
                { try Self.expect(Self.outboundDigest, from: upstream) },
                { try Self.expect(Self.inboundDigest, from: client) },
            ])
            let end = try culvert.end(of: origin.authority)
            #expect(end["bytes_out"] as? Int == Self.gibibyte)
            #expect(end["bytes_in"] as? Int == Self.gibibyte)
            #expect(end["reason"] as? String == "closed")
        }

        @Test(arguments: modes)
        func `bytes that come one by one arrive in their order`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority)
            let upstream = try origin.accept()
            let expect: @Sendable (Stream, [UInt8]) throws -> Void = { stream, bytes in
                let received = try stream.receive(exactly: bytes.count)
                #expect(received == bytes)
            }
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 193 >> 3) }
            try Crew.run([
                { for byte in bytes { try client.send([byte]) } },
                { for byte in bytes.reversed() { try upstream.send([byte]) } },
                { try expect(upstream, bytes) },
                { try expect(client, bytes.reversed()) },
            ])
        }
    }
}
