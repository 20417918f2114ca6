import Testing

/// All that a client got that was refused: one answer, and the end of the connection.
struct Refused {
    let text: String
    let end: Stream.End
    /// The status of the answer, and the word of its Proxy-Status.
    let status: Int
    let word: String
    /// The fields of the answer by their names.
    let fields: [String: String]
    let body: String

    /// Reads `stream` to its end, closes it, and takes apart what came.
    ///
    /// As long as a refused client is there, the proxy waits for what it may still send.
    init(from stream: Stream) throws {
        let (bytes, end) = try stream.receiveToEnd()
        stream.close()
        let text = String(decoding: bytes, as: UTF8.self)
        self.end = end
        self.text = text
        let halves = text.split(
            separator: "\r\n\r\n",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let lines = halves[0].split(separator: "\r\n")
        status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
        body = String(halves.last ?? "")
        fields = Dictionary(
            lines.dropFirst().map { line in
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
            }
        ) { "\($0), \($1)" }
        let parameter = fields["Proxy-Status"]?.split(separator: "; ").dropFirst().first
        word = String(parameter?.split(separator: "=").last ?? "")
    }

    /// Whether this is one whole answer of ours, with nothing behind it, and the end in order.
    var isWhole: Bool {
        let names = Set(fields.keys).subtracting(["Allow", "Proxy-Authenticate", "Retry-After"])
        let expected: Set = [
            "Proxy-Status", "Content-Type", "Content-Length", "Cache-Control", "Connection",
        ]
        return text.hasPrefix("HTTP/1.1 \(status) ") && names == expected
            && fields["Connection"] == "close" && fields["Content-Length"] == "\(body.utf8.count)"
            && body.hasPrefix("\(status) \(word): ") && body.hasSuffix("\n") && end == .fin
    }

    /// Expects that it is whole, and has this status and word.
    func expect(
        _ status: Int,
        _ word: String,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, comment, sourceLocation: sourceLocation)
        #expect(self.word == word, comment, sourceLocation: sourceLocation)
        #expect(isWhole, comment ?? "\(text)", sourceLocation: sourceLocation)
    }
}

extension Culvert {
    /// What a client gets that sends `bytes` in one piece, and then only reads.
    func ask(_ bytes: [UInt8]) throws -> Refused {
        let stream = try Stream(to: endpoint)
        // Who is refused early may not be heard out.
        try? stream.send(bytes)
        return try Refused(from: stream)
    }

    func ask(_ text: String) throws -> Refused { try ask(Array(text.utf8)) }

    /// What a client gets that asks for a tunnel to `authority`, by the user and with the password
    /// of `credentials`, and is refused it.
    func ask(
        for authority: String,
        as credentials: String? = nil,
        early: String = ""
    ) throws -> Refused {
        try ask(Stream.head(authority, as: credentials) + early)
    }
}
