package import Kernel

/// Whether a worker asks the kernel for the clients whose packets its CPU handles.
///
/// A client whose packets one CPU handles and whose bytes another moves takes a quarter to a third
/// more CPU. But where few CPUs handle all packets (a card with few queues, clients on this very
/// machine), their workers would have most of these clients to pass on. A worker that passes on
/// more than every fourth leaves them to the kernel's hash, and asks again after a minute.
package struct Steering {
    /// What to ask the kernel for.
    package enum Wish: Equatable {
        case asBefore
        case clients(ofCPU: Int)
        case anyClients
    }

    /// The CPU that the worker is pinned to.
    package let cpu: Int
    /// Clients that have come since it was last decided.
    private var clients = 0
    /// Those of them that were passed on.
    private var passedOn = 0
    /// When to ask again; nil while it does.
    private var retry: Instant?

    /// So many clients tell enough to decide.
    package static var sample: Int { 256 }
    /// Nanoseconds for which any clients do, once those of the CPU were in vain.
    package static var pause: UInt64 { 60_000_000_000 }

    /// For a worker that is pinned to `cpu` and has asked for its clients.
    package init(cpu: Int) { self.cpu = cpu }

    /// A client has come, and was passed on or not; what to ask for from now on.
    package mutating func didAccept(passedOn isPassedOn: Bool, _ now: Instant) -> Wish {
        if let retry {
            guard now >= retry else { return .asBefore }
            self.retry = nil
            return .clients(ofCPU: cpu)
        }
        clients += 1
        if isPassedOn { passedOn += 1 }
        guard clients == Steering.sample else { return .asBefore }
        let isInVain = passedOn > Steering.sample / 4
        clients = 0
        passedOn = 0
        guard isInVain else { return .asBefore }
        retry = now + Steering.pause
        return .anyClients
    }
}
