import Connect
import Glibc
import MethodTunnel

/// A server of the format on loopback, with an echo beyond, that fails by seed.
///
/// One thread, one session, no more of HTTP than the format needs.
final class TunnelServer {
    /// One connection, with at most one request under way.
    final class Connection {
        let descriptor: Int32
        var input: [UInt8] = []
        var output: [UInt8] = []
        var exchange: TunnelRequest?
        var closes = false

        init(_ descriptor: Int32) { self.descriptor = descriptor }
    }

    let port: UInt16
    private let listener: Int32
    private var connections: [Connection] = []
    var service: TunnelService

    init(_ service: TunnelService) throws {
        self.service = service
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(listener, address, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw Failure("listen: errno \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        for connection in connections { close(connection.descriptor) }
        close(listener)
    }

    /// Serves what has come, or waits a little for it.
    func turn() {
        var polls = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        for connection in connections {
            let events = connection.output.isEmpty ? POLLIN : POLLOUT
            polls.append(pollfd(fd: connection.descriptor, events: Int16(events), revents: 0))
        }
        guard unsafe poll(&polls, UInt(polls.count), 20) >= 0 else { return }
        for (poll, connection) in zip(polls.dropFirst(), connections) where poll.revents != 0 {
            if connection.output.isEmpty { receive(connection) } else { send(connection) }
        }
        if polls[0].revents != 0 {
            let descriptor = accept(listener, nil, nil)
            if descriptor >= 0 { connections.append(Connection(descriptor)) }
        }
        for connection in connections {
            guard let exchange = connection.exchange else { continue }
            service.serve(exchange)
            flush(exchange, connection)
        }
        connections.removeAll { $0.closes && $0.output.isEmpty && close($0.descriptor) == 0 }
    }

    private func receive(_ connection: Connection) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = unsafe read(connection.descriptor, &buffer, buffer.count)
        guard count > 0 else {
            // A request that waits is forgotten with its connection.
            if let exchange = connection.exchange { service.leave(exchange) }
            connection.exchange = nil
            connection.closes = true
            return
        }
        connection.input += buffer.prefix(count)
        guard connection.exchange == nil else { return }
        guard let exchange = service.request(connection.input) else { return }
        connection.input = []
        connection.exchange = exchange
        flush(exchange, connection)
    }

    private func flush(_ exchange: TunnelRequest, _ connection: Connection) {
        connection.output += exchange.takeOutput()
        if exchange.isFinished {
            connection.exchange = nil
            connection.closes = true
        }
    }

    private func send(_ connection: Connection) {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let output = connection.output
        let count = unsafe Glibc.send(connection.descriptor, output, output.count, flags)
        guard count > 0 else {
            connection.output = []
            connection.closes = true
            return
        }
        connection.output.removeFirst(count)
    }
}
