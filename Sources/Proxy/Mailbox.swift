package import Kernel
package import Resolver
internal import Synchronization

/// How a worker is told things: a word of the server's, a hosts file, or rules and users, if they
/// have been read again, what the gate has found out, and an eventfd to wake it.
package final class Mailbox: Sendable {
    package enum Directive: UInt8 {
        case serve
        /// Take nothing new; end what is idle.
        case drain
        /// The time is over: end what is left.
        case finish
        /// End everything at once.
        case stop
    }

    /// The descriptor that the worker polls.
    package let event: Int32
    private let word = Atomic<UInt8>(Directive.serve.rawValue)
    private let hosts = Mutex<HostsFile?>(nil)
    private let access = Mutex<Access?>(nil)
    private let answers = Mutex<[Gate.Answer]>([])

    package init() throws(SystemError) {
        event = try Descriptors.makeEvent()
    }

    /// Server: gives `directive`.
    package func send(_ directive: Directive) {
        word.store(directive.rawValue, ordering: .releasing)
        Descriptors.signal(event)
    }

    /// Server: names are to be found by `hosts`, and the name servers are to be learned again.
    package func send(_ hosts: HostsFile) {
        self.hosts.withLock { $0 = hosts }
        Descriptors.signal(event)
    }

    /// Server: from now on it is `access` that holds.
    ///
    /// It never changes, and all workers may ask the same: no lock is taken for that.
    func send(_ access: Access) {
        self.access.withLock { $0 = $0?.followed(by: access) ?? access }
        Descriptors.signal(event)
    }

    /// Gate: a question is answered.
    func send(_ answer: Gate.Answer) {
        answers.withLock { $0.append(answer) }
        Descriptors.signal(event)
    }

    /// Worker: what has been answered since last asked.
    package func takeAnswers() -> [Gate.Answer] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }

    /// Worker: the hosts file that has been read since last asked; nil if there is none.
    package func takeHosts() -> HostsFile? { hosts.withLock { $0.take() } }

    /// Worker: the rules and users that have been read since last asked; nil if there are none.
    func takeAccess() -> Access? { access.withLock { $0.take() } }

    /// Worker: what is to be done.
    package var directive: Directive {
        Directive(rawValue: word.load(ordering: .acquiring)) ?? .stop
    }
}
