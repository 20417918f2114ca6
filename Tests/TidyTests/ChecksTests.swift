import Testing

/// Each check finds what it is for, and nothing in a good sample.
@Suite struct ChecksTests {
    private static func body(_ count: Int) -> String {
        String(repeating: "        work()\n", count: count)
    }

    @Test func `a line of 101 columns is found, one of 100 is not`() {
        let line = String(repeating: "x", count: 100)
        #expect(Checks.longLines(TextFile("a.swift", line)).isEmpty)
        #expect(Checks.longLines(TextFile("a.swift", "\n" + line + "x")).count == 1)
        #expect(Checks.longLines(TextFile("a.md", line + "x")).isEmpty)
    }

    @Test func `a file of 401 lines is found, one of 400 is not`() {
        let lines = String(repeating: "x\n", count: 400)
        #expect(Checks.longFile(TextFile("a.swift", lines)).isEmpty)
        #expect(Checks.longFile(TextFile("a.swift", lines + "x\n")).count == 1)
    }

    @Test(arguments: [
        "    func a() {\n", "    public static func a(\n        b: Int\n    ) -> Int {\n",
        "    init(b: Int) {\n", "    init?(b: Int) throws(E) {\n", "    deinit {\n",
        "    @inlinable public mutating func a<T>(_ b: T)\n    where T: ~Copyable {\n",
        "    subscript(b: Int) -> Int {\n", "    private func a() async {\n",
    ])
    func `a function of more than 60 lines is found`(head: String) {
        let lines = head.split(separator: "\n").count
        let good = head + Self.body(59 - lines) + "    }\n"
        let bad = head + Self.body(60 - lines) + "    }\n"
        #expect(Checks.longFunctions(TextFile("a.swift", good)).isEmpty)
        #expect(Checks.longFunctions(TextFile("a.swift", bad)).count == 1)
    }

    @Test func `what has no body of its own is not taken for a long function`() {
        let text = "    func a()\n    func b() -> Int { 1 }\n    enum C {\n\(Self.body(99))    }\n"
        #expect(Checks.longFunctions(TextFile("a.swift", text)).isEmpty)
    }

    @Test func `unsafe code is found outside its border only`() {
        let text = "let a = unsafe b\n"
        #expect(Checks.unsafeOutside(TextFile("Sources/Proxy/A.swift", text)).count == 1)
        #expect(Checks.unsafeOutside(TextFile("Sources/Resolver/A.swift", text)).count == 1)
        #expect(Checks.unsafeOutside(TextFile("Sources/Resolver/AresA.swift", text)).isEmpty)
        #expect(Checks.unsafeOutside(TextFile("Sources/Kernel/A.swift", text)).isEmpty)
        #expect(Checks.unsafeOutside(TextFile("Benchmarks/Load/A.swift", text)).count == 1)
        let words = "// unsafe\nlet a = \"unsafe\"\nunsafeAddress {\n\"\"\"\nunsafe\n\"\"\"\n"
        #expect(Checks.unsafeOutside(TextFile("Sources/Proxy/A.swift", words)).isEmpty)
    }

    @Test(arguments: [
        ("Sources/Proxy/A.swift", "import Foundation"),
        ("Sources/Kernel/A.swift", "public import Foundation"),
        ("Sources/Proxy/A.swift", "internal import Glibc"),
        ("Sources/Proxy/A.swift", "import func Glibc.open"),
        ("Sources/Proxy/A.swift", "internal import CLiburing"),
        ("Sources/Resolver/AresA.swift", "internal import CLiburing"),
        ("Sources/Resolver/A.swift", "internal import CAres"),
        ("Sources/Kernel/A.swift", "internal import Proxy"),
        ("Benchmarks/Load/A.swift", "internal import Glibc"),
        ("Sources/Proxy/A.swift", "internal import Load"),
        ("Sources/Internet/A.swift", "internal import Kernel"),
    ])
    func `an import that may not be is found`(path: String, text: String) {
        let modules = ["Internet", "Kernel", "Resolver", "Proxy", "Load"]
        #expect(Checks.imports(TextFile(path, text), modules: modules).count == 1)
    }

    @Test(arguments: [
        ("Sources/Proxy/A.swift", "internal import Kernel"),
        ("Sources/Proxy/A.swift", "internal import Synchronization"),
        ("Sources/Kernel/A.swift", "internal import Glibc"),
        ("Sources/Kernel/A.swift", "internal import CLiburing"),
        ("Sources/Resolver/AresA.swift", "internal import CAres"),
        ("Sources/Kernel/A.swift", "// import Foundation"),
        ("Tests/ATests/A.swift", "import Foundation"),
    ])
    func `an import that may be is not`(path: String, text: String) {
        let modules = ["Internet", "Kernel", "Resolver", "Proxy"]
        #expect(Checks.imports(TextFile(path, text), modules: modules).isEmpty)
    }

    @Test func `a type named like its module is found`() {
        let path = "Sources/Relay/A.swift"
        #expect(Checks.namesakes(TextFile(path, "public struct Relay: Sendable {")).count == 1)
        #expect(Checks.namesakes(TextFile(path, "enum RelayMode {}\nstruct Flow {}")).isEmpty)
    }

    @Test(arguments: [
        "// TO" + "DO: later", "x // FIX" + "ME", "see /wo" + "rk/main", "/tmp/" + "wt/a",
    ])
    func `a word that may not stand is found`(text: String) {
        #expect(Checks.words(TextFile("a.md", "fine\n" + text)).count == 1)
        #expect(Checks.words(TextFile("a.md", "a network/host, work to do")).isEmpty)
    }

    @Test(arguments: [
        ("# A\n\n## B\n```\n# a comment\n```\n", true), ("# A\n# B\n", false), ("A\n", false),
        ("\n# A\n", false), ("## A\n", false),
    ])
    func `a document needs one title in front`(text: String, isGood: Bool) {
        #expect(Checks.title(TextFile("a.md", text)).isEmpty == isGood)
    }

    @Test func `a flag that the document leaves out is found`() {
        let help = """
            OPTIONS:
              --listen <a>            Text about --nothing.
              --nodelay/--no-nodelay  Text.
              -h, --help              Text.
            """
        let document = "`--listen`, `--nodelay`, `--help-me`"
        let missing = Checks.missingFlags(help: help, document: document)
        #expect(missing == ["--no-nodelay", "--help"])
        let all = document + " --no-nodelay --help"
        #expect(Checks.missingFlags(help: help, document: all).isEmpty)
    }
}
