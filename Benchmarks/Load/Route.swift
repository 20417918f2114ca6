package import Internet

/// How a tunnel reaches the origin.
package enum Route: Equatable, Sendable {
    /// Asks the proxy there to CONNECT.
    case proxy(Endpoint)
    /// Connects to the origin itself.
    case direct
    /// Connects to a relay there that knows where the origin is.
    case relay(Endpoint)
}
