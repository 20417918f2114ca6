import Foundation
import Testing

/// Tunnels through a proxy, from the client's side.
extension Stream {
    /// The head of a request for a tunnel to `authority`, by the user and with the password that
    /// `credentials` are.
    static func head(_ authority: String, as credentials: String? = nil) -> String {
        let field = credentials.map { text in
            "Proxy-Authorization: Basic \(Data(text.utf8).base64EncodedString())\r\n"
        }
        return "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\(field ?? "")\r\n"
    }

    /// Asks `proxy` for a tunnel to `authority`; the answer is still to come.
    static func asking(
        _ proxy: Culvert,
        for authority: String,
        as credentials: String? = nil,
        early: [UInt8] = [],
        from source: String? = nil,
        receiveBuffer: Int32 = 0
    ) throws -> Stream {
        let stream = try Stream(to: proxy.endpoint, from: source, receiveBuffer: receiveBuffer)
        try stream.send(Array(head(authority, as: credentials).utf8) + early)
        return stream
    }

    /// A tunnel through `proxy` to `authority`, with `early` in the same write as the head.
    static func tunnel(
        _ proxy: Culvert,
        to authority: String,
        as credentials: String? = nil,
        early: [UInt8] = [],
        receiveBuffer: Int32 = 0
    ) throws -> Stream {
        let stream = try asking(
            proxy,
            for: authority,
            as: credentials,
            early: early,
            receiveBuffer: receiveBuffer
        )
        let answer = try stream.receiveHead()
        try #require(answer == "HTTP/1.1 200 Connection established\r\n\r\n")
        return stream
    }
}
