internal import Connect
internal import Internet
internal import Kernel
internal import Resolver

/// The way to the next hop: the server, or the network's own proxy.
struct Route {
    let host: Host
    let port: UInt16
    /// Addresses of the host, in the order in which they are tried.
    private var addresses = AddressList()
    /// Which of them is dialled next: the one that was reached last.
    private var turn = 0
    /// Whether the resolver has been asked.
    var isAsking = false

    /// The way to `authority`.
    init(_ authority: Authority) {
        host = authority.host
        port = authority.port
        if case .address(let address) = authority.host { addresses.append(address) }
    }

    /// How many addresses are known.
    var count: Int { addresses.count }

    /// Where to dial now.
    var endpoint: Endpoint { Endpoint(addresses[turn % addresses.count], port: port) }

    /// The present address could not be reached: the next one is tried.
    mutating func fail() { turn = (turn + 1) % max(addresses.count, 1) }

    /// These are the addresses from now on.
    mutating func take(_ answer: NameAnswer) {
        var candidates = Candidates()
        for index in 0..<answer.v6Addresses.count { candidates.insert(answer.v6Addresses[index]) }
        for index in 0..<answer.v4Addresses.count { candidates.insert(answer.v4Addresses[index]) }
        let present = addresses.count > 0 ? addresses[turn % addresses.count] : nil
        addresses = AddressList()
        turn = 0
        while let address = candidates.next() {
            if address == present { turn = addresses.count }
            guard addresses.append(address) else { break }
        }
    }
}

/// How things stand with the server, as far as it has been told to the operator.
struct Standing {
    /// Whether there has ever been a session.
    var hasStarted = false
    /// Why requests fail; nil while they don't.
    var fault: Fault?
    /// When they began to.
    var since = Instant(nanoseconds: 0)
    /// When the client began.
    var began: Instant?
    /// The fault that was told last.
    var told: Fault?
    /// How much of the time the machine has slept.
    var slept: UInt64 = 0
}
