import Internet
import Policy
import PolicyFile
import Testing

@Suite struct PolicyTextTests {
    static func read(_ text: String) -> PolicyText {
        PolicyText(parsing: text, ports: [443...443])
    }

    /// What is said of `text`, line by line.
    static func findings(_ text: String) -> [String] {
        read(text).findings.map { "\($0)" }
    }

    @Test func `every key of a rule is read`() throws {
        let policy = Self.read(
            """
            groups:
              staff: [ana, ben]
              ops: cleo
            rules:
              - name: all at once
                action: allow
                users: dora
                groups: [staff, ops]
                clients: [10.0.0.0/8, 192.0.2.7]
                hosts: [Example.COM., "*.example.com", 192.0.2.1]
                networks: 198.51.100.0/24
                ports: [443, 8000-8999]
                times: [Mon-Fri 08:00-18:00, Sat]
              - {name: rest, action: report}
            """
        )
        #expect(policy.findings == [])
        #expect(policy.list.groups == ["staff": ["ana", "ben"], "ops": ["cleo"]])
        #expect(policy.list.rules.count == 2)
        let rule = policy.list.rules[0]
        #expect(rule.name == "all at once" && rule.action == .allow)
        #expect(rule.users == ["dora"] && rule.groups == ["staff", "ops"])
        #expect(rule.clients.map { "\($0)" } == ["10.0.0.0/8", "192.0.2.7/32"])
        #expect(rule.hosts.map { "\($0)" } == ["example.com", "*.example.com", "192.0.2.1"])
        #expect(rule.networks.map { "\($0)" } == ["198.51.100.0/24"])
        #expect(rule.ports == [443...443, 8000...8999])
        #expect(rule.times == [WeekSpan("Mon-Fri 08:00-18:00"), WeekSpan("Sat")].compactMap { $0 })
        #expect(policy.list.rules[1] == Rule("rest", .report))
    }

    @Test func `an allow rule that names no port allows those of the flags`() {
        let rules = "rules: [{name: a, action: deny, hosts: a.test}, {name: b, action: allow}]"
        let policy = Self.read(rules)
        #expect(policy.list.rules.map(\.ports) == [[], [443...443]])
    }

    private static let quotes =
        #"put a value that begins with * in quotes: "*.example.com""#

    @Test(
        arguments: [
            ("", "1:1: error: the file is empty: a policy has rules"),
            ("# nothing\n", "1:1: error: the file is empty: a policy has rules"),
            ("[]", "1:1: error: a policy is a map with the keys 'groups' and 'rules'"),
            ("groups: {}", "1:1: error: there is no key 'rules'"),
            ("rules: []", "1:8: error: there is no rule: everything would be denied"),
            ("rules: 1", "1:8: error: 'rules' is a list of rules"),
            (
                "rules: [x]", "1:9: error: a rule is a map; it begins with '- name: '"
            ),
            (
                "rule: []\nrules: [{name: a, action: deny}]",
                "1:1: error: there is no key 'rule'; allowed are groups, rules"
            ),
            (
                "rules:\n- name: a\n  action: deny\n  host: a.test\n",
                "4:3: error: there is no key 'host'; allowed are name, action, users, groups, "
                    + "clients, hosts, networks, ports, times, tls, limits, source, parent, "
                    + "parent-credentials"
            ),
            ("rules:\n- name: a\n", "2:3: error: a rule needs the key 'action'"),
            (
                "rules: [{name: a, action: drop}]",
                "1:27: error: an action is allow, deny or report"
            ),
            (
                "rules: [{name: \"a\\n\", action: deny}]",
                "1:16: error: a name has 1 to 64 printable ASCII characters, and neither quotes "
                    + "nor backslashes"
            ),
            (
                "rules: [{name: a, action: deny, hosts: []}]",
                "1:40: error: 'hosts' has no value here; leave the key out if any will do"
            ),
            (
                "rules:\n- name: a\n  action: deny\n  hosts:\n",
                "4:9: error: 'hosts' has no value here; leave the key out if any will do"
            ),
            (
                "rules: [{name: a, action: deny, hosts: '*'}]",
                "1:40: error: '*' is not allowed here: leave 'hosts' out if any will do"
            ),
            (
                "rules: [{name: a, action: deny, hosts: 10.0.0.0/8}]",
                "1:40: error: '10.0.0.0/8' is not allowed here: a network stands under 'networks'"
            ),
            (
                "rules: [{name: a, action: deny, groups: [b]}]",
                "1:42: error: there is no group 'b' in 'groups'"
            ),
            (
                "rules:\n- name: a\n  action: deny\n  name: b\n",
                "4:3: error: 'name' is there twice"
            ),
            (
                "rules: [{name: a, action: deny, hosts: [*.a.test]}]",
                "1:42: error: this is not YAML: did not find expected alphabetic or numeric "
                    + "character; put a value that begins with * in quotes: \"*.example.com\""
            ),
            ("rules: []\n---\nrules: []\n", "3:1: error: a second document begins"),
            (
                "rules: &a [*a]",
                "1:12: error: this is an alias of what it stands in"
            ),
            (
                "rules: " + String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
                "1:72: error: lists and maps stand more than 64 deep in each other"
            ),
            (
                "rules: [{name: a, action: deny}]\n# \u{1}",
                "2:3: error: this is not YAML: control characters are not allowed"
            ),
        ]
    )
    func `an error has its place and a remedy`(_ text: String, _ finding: String) {
        let policy = Self.read(text)
        #expect(policy.hasErrors)
        #expect(Self.findings(text) == [finding])
    }

    /// What YAML has, and a policy hasn't.
    private static let strange: [(String, String)] = [
        (
            "rules: " + String(repeating: "[", count: 1_000_000),
            "1:72: error: lists and maps stand more than 64 deep in each other"
        ),
        (
            "groups: {a: &a [[b]]}\nrules: " + String(repeating: "[", count: 62) + "*a",
            "2:70: error: lists and maps stand more than 64 deep in each other"
        ),
        ("rules: *a", "1:8: error: there is no anchor 'a' above; \(quotes)"),
        ("rules: [&a x, &a y]", "1:15: error: the anchor 'a' is there twice"),
        (
            "rules: [{name: !!str a, action: deny}]",
            "1:16: error: tags, which begin with !, have no meaning here"
        ),
        (
            "rules: [{name: a, action: deny, users: ~}]",
            "1:40: error: 'users' has no value here; leave the key out if any will do"
        ),
        (
            "rules: [{name: a, action: deny, users: [ana, Null]}]",
            "1:46: error: a user has a name of up to 255 bytes without a colon"
        ),
        (
            "rules: [{name: null, action: deny}]",
            "1:16: error: a name has 1 to 64 printable ASCII characters, and neither quotes "
                + "nor backslashes"
        ),
    ]

    @Test(arguments: strange)
    func `what YAML has and a policy hasn't is an error`(_ text: String, _ finding: String) {
        #expect(Self.findings(text) == [finding])
    }

    @Test func `an alias is what it stands for, at its own place`() throws {
        let policy = Self.read(
            """
            groups: {one: &who [ana, "null"]}
            rules:
              - {name: a, action: deny, groups: one, users: *who, hosts: &hosts [a.test, b.test]}
              - {name: b, action: allow, ports: 22, hosts: *hosts}
            """
        )
        #expect(policy.findings == [])
        #expect(policy.list.groups == ["one": ["ana", "null"]])
        #expect(policy.list.rules[0].users == ["ana", "null"])
        #expect(policy.list.rules[1].hosts == policy.list.rules[0].hosts)
    }

    /// Lists of aliases of lists of aliases, and long texts, of which few bytes make very many.
    @Test(arguments: [
        (0..<8).reduce("x: &x0 [a]\n") { text, depth in
            let aliases = Array(repeating: "*x\(depth)", count: 20).joined(separator: ",")
            return text + "y\(depth): &x\(depth + 1) [\(aliases)]\n"
        },
        "x: &x \"\(String(repeating: "y", count: 1_000_000))\"\nz: [a"
            + String(repeating: ",*x", count: 1000) + "]\n",
    ])
    func `aliases make no file long`(text: String) {
        let finding = Self.findings(text)
        #expect(finding.count == 1)
        #expect(finding.first?.hasSuffix(": error: the file says more than 4000000 things") == true)
    }

    @Test func `a file of many anchors is read as fast as another`() {
        let rules = (0..<50_000).map {
            "- &a\($0) {name: r\($0), action: allow, hosts: h\($0).test}\n"
        }
        let clock = ContinuousClock()
        let time = clock.measure { #expect(Self.findings("rules:\n" + rules.joined()) == []) }
        // A list that is looked through for each takes a quarter of a minute.
        #expect(time < .seconds(8))
    }

    @Test func `all errors are told of, in their order`() {
        let text = """
            rules:
              - name: a
                action: allow
                ports: [0, 443, 70000]
                times: [Mon, 25:00-26:00]
                networks: 10.0.0.1/8
              - name: a
                action: deny
                clients: somewhere
            """
        #expect(
            Self.read(text).findings.map { "\($0.place.line):\($0.place.column)" }
                == ["4:13", "4:21", "5:18", "6:15", "7:11", "9:14"]
        )
    }

    @Test(
        arguments: [
            (
                "- {name: a, action: allow, hosts: '*.a.test'}\n"
                    + "- {name: b, action: deny, hosts: x.a.test, ports: 443}",
                "3:3: error: the rule 'b' never decides: the rule 'a' of line 2 matches all that "
                    + "it does"
            ),
            (
                "- {name: a, action: allow, hosts: '*.a.test'}\n"
                    + "- {name: b, action: deny, hosts: x.a.test}",
                "3:3: warning: the rule 'a' of line 2 allows a part of what the rule 'b' is to "
                    + "deny; if that isn't meant, move this one up"
            ),
            (
                "- {name: a, action: allow, hosts: '*.com'}",
                "2:35: warning: anybody can have a name below this one: nearly everything is "
                    + "allowed"
            ),
            (
                "- {name: a, action: allow, networks: [8.0.0.0/8, 224.0.0.0/8]}",
                "2:50: warning: no address of this network is ever dialled, whatever allows it"
            ),
            (
                "- {name: a, action: allow, networks: 10.0.0.0/7}",
                "2:38: warning: the special addresses in this network stay refused; name their "
                    + "networks, such as 10.0.0.0/8, to open them"
            ),
            (
                "- {name: a, action: allow, hosts: [a.test, A.test.]}",
                "2:44: warning: this is in the rule already"
            ),
            (
                "- {name: a, action: deny, hosts: a.test}\n- {name: b, action: report}",
                "2:3: warning: no rule allows anything, so that all is denied"
            ),
        ]
    )
    func `what is doubtful about rules is found`(_ rules: String, _ finding: String) {
        #expect(Self.findings("rules:\n\(rules)\n") == [finding])
    }

    @Test func `a group that no rule names is doubtful`() {
        let text = "groups: {a: b}\nrules: [{name: a, action: allow}]"
        #expect(Self.findings(text) == ["1:10: warning: no rule names the group 'a'"])
    }
}
