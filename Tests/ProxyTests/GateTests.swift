import Foundation
import Internet
import Kernel
import Policy
import Proxy
import Testing

/// Credentials that are asked about, and what a worker is told of them.
@Suite struct GateTests {
    /// A gate with one user, "ana", whose password is "word", and one worker that asks.
    private final class Desk {
        let gate: Gate
        private let mailbox: Mailbox
        private let block: CredentialsBlock
        private(set) var asked = 0

        /// A check takes 2^`cost` rounds.
        init(cost: Int, _ change: (inout Configuration) -> Void = { _ in }) throws {
            var word = Array("word".utf8)
            let hash = try PasswordHash.make(Secret(wiping: &word), cost: cost)
            var configuration = Configuration()
            change(&configuration)
            mailbox = try Mailbox()
            gate = try Gate(Users(parsing: Array("ana:\(hash)".utf8)), configuration, [mailbox])
            block = try CredentialsBlock()
        }

        /// Asks about `credentials` of `client`; the number that the answer has.
        func ask(
            _ credentials: String,
            _ client: Address = Address(v4: 0xc633_6407),
            secondsAgo: UInt64 = 0
        ) throws -> UInt32 {
            let presented = try block.write(credentials)
            let asker = Gate.Asker(worker: 0, slot: UInt32(asked), generation: 0)
            let now = Instant(
                nanoseconds: Instant.now().nanoseconds - secondsAgo * 1_000_000_000
            )
            let tag = gate.tag(presented)
            let finding = gate.ask(presented, tag, client, asker, now)
            #expect(finding == nil)
            asked += 1
            return UInt32(asked - 1)
        }

        /// Lets a thread check, until the desk isn't needed any more.
        func start() {
            let gate = gate
            Foundation.Thread.detachNewThread { gate.run() }
        }

        /// The next `count` answers.
        func answers(_ count: Int) throws -> [Gate.Answer] {
            var all: [Gate.Answer] = []
            let end = Instant.now() + 30_000_000_000
            while all.count < count {
                try #require(Instant.now() < end, "\(all.count) of \(count) answers")
                all += mailbox.takeAnswers()
                usleep(1000)
            }
            return all
        }

        deinit { gate.stop(threads: 1) }
    }

    private func word(_ finding: Gate.Finding) -> String {
        switch finding {
        case .good: "good"
        case .refused(let refusal): "\(refusal)"
        }
    }

    @Test func `what nobody waits for any more isn't checked`() throws {
        let desk = try Desk(cost: 4)
        let late = try desk.ask("ana:other", secondsAgo: 11)
        let timely = try desk.ask("ana:word")
        desk.start()
        let answers = try desk.answers(2).map { [$0.asker.slot: word($0.finding)] }
        #expect(answers == [[late: "credentialsUnchecked"], [timely: "good"]])
    }

    @Test func `what somebody else has asked since then is checked`() throws {
        let desk = try Desk(cost: 4)
        _ = try desk.ask("ana:other", secondsAgo: 11)
        _ = try desk.ask("ana:other")
        desk.start()
        let words = try desk.answers(2).map { word($0.finding) }
        #expect(words == ["credentialsWrong", "credentialsWrong"])
    }

    @Test func `who has logged in before is let in beside guesses from everywhere`() throws {
        let desk = try Desk(cost: 8) { $0.credentialLifetime = 1 }
        let regular = Address(v4: 0xc000_0201)
        desk.start()
        _ = try desk.ask("ana:word", regular)
        #expect(try desk.answers(1).map { word($0.finding) } == ["good"])
        for number in 0..<1000 as Range<UInt32> {
            _ = try desk.ask("ana:\(number)", Address(v4: 0x0a00_0000 | number << 8))
        }
        let again = try desk.ask("ana:word", regular)
        let answers = try desk.answers(20)
        let index = try #require(answers.firstIndex { $0.asker.slot == again })
        #expect(word(answers[index].finding) == "good")
    }
}
