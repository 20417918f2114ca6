import Internet
import Testing

import Resolver

@Suite struct HostsFileTests {
    private func answer(_ text: String, _ name: String) throws -> NameAnswer? {
        HostsFile(text: text).answer(for: try #require(Name(name)))
    }

    @Test func `a line gives its address to each of its names`() throws {
        let text = "192.0.2.1 www.example\talias  third.example\n"
        for name in ["www.example", "alias", "third.example"] {
            let found = try answer(text, name)
            #expect(found?.v4Addresses.texts == ["192.0.2.1"])
            #expect(found?.v6 == FamilyAnswer.none)
        }
        #expect(try answer(text, "example") == nil)
    }

    @Test func `the lines of a name add up, and repetition adds nothing`() throws {
        let text = "192.0.2.1 a\n2001:db8::1 a\n192.0.2.2 a\n192.0.2.1 a"
        let found = try answer(text, "a")
        #expect(found?.v4Addresses.texts == ["192.0.2.1", "192.0.2.2"])
        #expect(found?.v6Addresses.texts == ["2001:db8::1"])
    }

    @Test func `letters match whatever their case`() throws {
        #expect(try answer("192.0.2.1 WWW.Example", "www.eXAMPLE") != nil)
    }

    @Test func `comments, blanks and carriage returns are passed over`() throws {
        let text = "# 192.0.2.1 a\n\n  192.0.2.2\ta # b\r\n192.0.2.3 c#d\r\n192.0.2.4 e\r\n"
        #expect(try answer(text, "a")?.v4Addresses.texts == ["192.0.2.2"])
        #expect(try answer(text, "b") == nil)
        #expect(try answer(text, "c") != nil)
        #expect(try answer(text, "d") == nil)
        #expect(try answer(text, "e") != nil)
    }

    @Test func `what can't be read is skipped, and the rest counts`() throws {
        let text = "192.0.2 a\nfe80::1%lo b\nnonsense\n192.0.2.1\n192.0.2.1 -bad- good\n\u{fffd}"
        #expect(HostsFile(text: text).count == 1)
        #expect(try answer(text, "good") != nil)
    }

    @Test func `an empty file names nothing`() {
        #expect(HostsFile(text: "").count == 0)
        #expect(HostsFile().count == 0)
    }

    @Test func `the file of the system can be read, and a missing one is an error`() throws {
        _ = try HostsFile(path: "/etc/hosts")
        #expect(throws: ResolverError.self) { try HostsFile(path: "/nowhere/hosts") }
    }
}
