internal import Kernel
internal import Synchronization

/// How the server tells a worker what to do: a word and an eventfd to wake it.
final class Mailbox: Sendable {
    enum Directive: UInt8 {
        case serve
        /// Take nothing new; end what is idle.
        case drain
        /// The time is over: end what is left.
        case finish
        /// End everything at once.
        case stop
    }

    /// The descriptor that the worker polls.
    let event: Int32
    private let word = Atomic<UInt8>(Directive.serve.rawValue)

    init() throws(SystemError) {
        event = try Descriptors.makeEvent()
    }

    /// Server: gives `directive`.
    func send(_ directive: Directive) {
        word.store(directive.rawValue, ordering: .releasing)
        Descriptors.signal(event)
    }

    /// Worker: what is to be done.
    var directive: Directive {
        Directive(rawValue: word.load(ordering: .acquiring)) ?? .stop
    }
}
