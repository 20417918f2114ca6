import Connect
import Kernel
import Proxy
import Testing

/// Where credentials are written as a worker has them that has read a request.
struct CredentialsBlock: ~Copyable {
    private let blocks: Blocks

    init() throws {
        blocks = try Blocks(count: 1, blockSize: BasicCredentials.byteCountMax)
    }

    /// `text`, a user, a colon and a password; of use until the next.
    func write(_ text: String) throws -> Presented {
        let value = BasicCredentials.encoded(Array(text.utf8))
        var sink = ExtentSink(blocks[0])
        let form = BasicCredentials(parsing: value.span, in: 0..<value.count, into: &sink)
        return Presented(text: blocks[0], form: try #require(form))
    }
}
