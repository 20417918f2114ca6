import Internet
import Testing

import Resolver

@Suite struct SystemServersTests {
    private func servers(_ text: String) -> [String] {
        SystemServers.servers(in: Array(text.utf8)).map(\.description)
    }

    @Test func `the servers are those of all lines, in their order`() {
        let text = """
            search example
            nameserver 192.0.2.1
              nameserver\t2001:db8::1 # the second
            options rotate
            nameserver 192.0.2.2, 192.0.2.3\r
            """
        let expected = ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53", "192.0.2.3:53"]
        #expect(servers(text) == expected)
    }

    @Test(
        arguments: [
            "", "\n\n", "nameserver", "nameserver \n", "# nameserver 192.0.2.1",
            ";nameserver 192.0.2.1", "nameservers 192.0.2.1", "nameserver ns.example",
            "nameserver fe80::1%eth0", "options nameserver 192.0.2.1",
        ]
    )
    func `a text without a server names none`(text: String) {
        #expect(servers(text) == [])
    }
}
