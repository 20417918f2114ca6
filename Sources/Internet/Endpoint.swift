/// An address and a TCP port: what is listened on or dialled.
public struct Endpoint: Hashable, Sendable {
    /// The address.
    public var address: Address
    /// The port in host byte order.
    public var port: UInt16

    /// The endpoint of `address` and `port`.
    public init(_ address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}
