import Testing

extension EndToEndTests {
    /// FIN from either side, and all that has to arrive before it.
    @Suite struct Closing {
        private static let many = 8 << 20

        /// Expects that `tunnel` has ended in order, with these counts of bytes, and left nothing.
        private func expectClosed(
            _ tunnel: Tunnel,
            by first: Side?,
            out: Int,
            in inbound: Int,
            _ descriptors: Int
        ) throws {
            let end = try tunnel.expectEnd("closed", by: first?.rawValue)
            #expect(end["bytes_out"] as? Int == out)
            #expect(end["bytes_in"] as? Int == inbound)
            try tunnel.culvert.expectEmpty(descriptors: descriptors)
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `who ends first still gets all that the other side sends`(
            mode: String,
            first: Side
        ) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try tunnel[first].send(first.pattern, 0..<1000)
            try tunnel[first].finish()
            let (count, end) = try tunnel[first.other].receiveToEnd(first.pattern)
            #expect(count == 1000 && end == .fin)
            try Crew.run([
                {
                    try tunnel[first.other].send(first.other.pattern, 0..<Self.many)
                    try tunnel[first.other].finish()
                },
                {
                    let (count, end) = try tunnel[first].receiveToEnd(first.other.pattern)
                    #expect(count == Self.many && end == .fin)
                },
            ])
            try expectClosed(
                tunnel,
                by: first,
                out: first == .client ? 1000 : Self.many,
                in: first == .client ? Self.many : 1000,
                descriptors
            )
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a FIN right behind the last byte comes behind it`(mode: String, first: Side) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try Crew.run([
                {
                    try tunnel[first].send(first.pattern, 0..<Self.many)
                    try tunnel[first].finish()
                    let (rest, end) = try tunnel[first].receiveToEnd()
                    #expect(rest.isEmpty && end == .fin)
                },
                {
                    let (count, end) = try tunnel[first.other].receiveToEnd(first.pattern)
                    #expect(count == Self.many && end == .fin)
                    try tunnel[first.other].finish()
                },
            ])
            try expectClosed(
                tunnel,
                by: first,
                out: first == .client ? Self.many : 0,
                in: first == .client ? 0 : Self.many,
                descriptors
            )
        }

        @Test(arguments: Culvert.relayModes)
        func `both sides send all they have and end at once`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try Crew.run(
                Side.allCases.flatMap { side -> [@Sendable () throws -> Void] in
                    [
                        {
                            try tunnel[side].send(side.pattern, 0..<Self.many)
                            try tunnel[side].finish()
                        },
                        {
                            let (count, end) = try tunnel[side].receiveToEnd(side.other.pattern)
                            #expect(count == Self.many && end == .fin)
                        },
                    ]
                }
            )
            try expectClosed(tunnel, by: nil, out: Self.many, in: Self.many, descriptors)
        }

        @Test(arguments: Culvert.relayModes)
        func `two FINs that come at one moment are both passed on`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            try culvert.pause()
            for side in Side.allCases { try tunnel[side].finish() }
            culvert.resume()
            for side in Side.allCases {
                let (rest, end) = try tunnel[side].receiveToEnd()
                #expect(rest.isEmpty && end == .fin)
            }
            try expectClosed(tunnel, by: nil, out: 15, in: 13, descriptors)
        }
    }
}
