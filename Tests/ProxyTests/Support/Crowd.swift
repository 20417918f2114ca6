import Internet
import Kernel
import Proxy
import Testing

/// Clients that ask, each with credentials of its own, and the time that passes for them.
final class Crowd {
    static let second: UInt64 = 1_000_000_000

    var questions = Questions()
    var reputations = Reputations()
    var failuresMax = 0
    /// How long each waits.
    var patience = 10 * second
    private(set) var now = Instant(nanoseconds: 1000 * second)
    /// Who asked, by the number of what was asked.
    private(set) var askers: [Address] = []
    private var numbers: [Proxy.Tag: Int] = [:]
    private let block: CredentialsBlock

    init() throws {
        block = try CredentialsBlock()
    }

    func pass(seconds: Double) {
        now = now + UInt64(seconds * Double(Crowd.second))
    }

    /// `client` asks; false if there is no room for that.
    @discardableResult
    func ask(_ client: Address) throws -> Bool {
        let key = Reputations.Key(client)
        let tag = try tag(askers.count)
        let question = Question(tag, try block.write("ana:\(askers.count)"), key)
        numbers[tag] = askers.count
        askers.append(client)
        let reputation = reputations.reputation(of: key, now)
        return questions.add(question, until: now + patience, reputation, now).isAdded
    }

    /// Somebody else asks what was asked as the `number`th.
    func askAgain(_ number: Int) throws {
        questions.extend(try tag(number), until: now + patience)
    }

    private func tag(_ number: Int) throws -> Proxy.Tag {
        Tag(try block.write("ana:\(number)"), (1, 2))
    }

    /// What is to be checked now, and the numbers of what is dropped as it is too late.
    func next() -> (question: Question?, dropped: [Int]) {
        let (question, dropped) = questions.next(failuresMax, now)
        return (question, dropped.compactMap { numbers[$0.tag] })
    }

    /// The client of which something is to be checked now.
    func nextClient() -> Address? { next().question.flatMap(client) }

    /// Checks what comes next, for as long as that takes; whose it was.
    func check(isGood: Bool = false, seconds: Double = 0.25) -> Address? {
        guard let question = next().question else { return nil }
        pass(seconds: seconds)
        if isGood {
            reputations.succeeds(question.client, now)
        } else {
            reputations.fails(question.client, now)
        }
        _ = questions.finish(question, reputations.reputation(of: question.client, now))
        return client(question)
    }

    func client(_ question: Question) -> Address? { numbers[question.tag].map { askers[$0] } }
}
