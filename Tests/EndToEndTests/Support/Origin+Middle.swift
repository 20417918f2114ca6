import Internet

extension Origin {
    /// A proxy before `server` that passes on the requests whose heads `passes` is true of, and
    /// swallows the others without a word, when `lose` has had them.
    static func middle(
        before server: Endpoint,
        passing passes: @escaping @Sendable (String) -> Bool,
        losing lose: @escaping @Sendable ([UInt8]) throws -> Void = { _ in }
    ) throws -> Origin {
        try Origin { client in
            var reader = MessageReader(client)
            while let head = try reader.head() {
                let request = Array(head.utf8) + (try reader.body())
                guard passes(head) else {
                    try lose(request)
                    client.setPatience(seconds: 60)
                    _ = try client.receive(1)
                    return
                }
                let far = try Stream(to: server)
                try far.send(request)
                var answer = MessageReader(far)
                try answer.passMessage(to: client)
            }
        }
    }
}
