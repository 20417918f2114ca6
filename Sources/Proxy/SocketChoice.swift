package import Internet
package import Kernel

/// The options of a proxy's sockets: those of which the address is a loopback one, and all others.
package struct SocketChoice: Sendable {
    private let loopback: SocketOptions
    private let distant: SocketOptions

    /// What `configuration` says of sockets, with the congestion control that was chosen.
    ///
    /// - Parameters:
    ///   - configuration: The values of flags.
    ///   - congestion: The congestion control.
    ///   - keepsAlive: Whether they are probed from the beginning on, and not only once they are
    ///     silent: that saves a tunnel that never is four options and two timers.
    package init(
        _ configuration: Configuration,
        _ congestion: CongestionChoice,
        keepsAlive: Bool = true
    ) {
        let seconds = keepsAlive ? configuration.keepaliveSeconds : 0
        loopback = Self.options(configuration, congestion.loopback, seconds)
        distant = Self.options(configuration, congestion.distant, seconds)
    }

    /// Options of a socket that listens at `address` or is to be connected to it.
    package subscript(address: Address) -> SocketOptions {
        address.isLoopback ? loopback : distant
    }

    private static func options(
        _ configuration: Configuration,
        _ congestion: CongestionControl?,
        _ keepaliveSeconds: Int32
    ) -> SocketOptions {
        var options = SocketOptions()
        options.nodelay = configuration.nodelay
        options.sendBuffer = Int32(clamping: configuration.sendBuffer)
        options.receiveBuffer = Int32(clamping: configuration.receiveBuffer)
        options.keepaliveSeconds = keepaliveSeconds
        options.userTimeoutMilliseconds = Int32(clamping: configuration.userTimeout / 1_000_000)
        options.congestion = congestion
        return options
    }
}
