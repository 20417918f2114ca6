import Foundation
import Testing

/// The style, held against every tracked file.
@Suite struct TidyTests {
    private static let files = Result { try Repository.files() }

    private static func expectNothing(_ check: (TextFile) -> [String]) throws {
        let files = try files.get()
        #expect(files.count > 20)
        for complaint in files.flatMap(check) { Issue.record("\(complaint)") }
    }

    @Test func `no line is too long`() throws {
        try Self.expectNothing(Checks.longLines)
    }

    @Test func `no function is too long`() throws {
        try Self.expectNothing(Checks.longFunctions)
    }

    @Test func `no file is too long`() throws {
        try Self.expectNothing(Checks.longFile)
    }

    @Test func `unsafe code stays behind the border`() throws {
        try Self.expectNothing(Checks.unsafeOutside)
    }

    @Test func `modules import only what stands above them`() throws {
        let manifest = try String(
            contentsOf: Repository.top.appending(path: "Package.swift"),
            encoding: .utf8
        )
        let modules = manifest.matches(of: #/ module\("([A-Za-z]+)"/#).map { String($0.1) }
        #expect(modules.first == "Internet" && modules.last == "PolicyFile")
        try Self.expectNothing {
            let programs = ["culvert", "TLS", "Load", "culvert-bench", "culvert-micro"]
            return Checks.imports($0, modules: modules + programs)
        }
    }

    @Test func `no type is named like its module`() throws {
        try Self.expectNothing(Checks.namesakes)
    }

    @Test func `nothing is left undone and no workplace is named`() throws {
        try Self.expectNothing(Checks.words)
    }

    @Test func `a document has one title`() throws {
        try Self.expectNothing(Checks.title)
    }

    @Test func `no tracked file is large`() throws {
        for path in try Repository.paths() {
            let file = Repository.top.appending(path: path).resolvingSymlinksInPath()
            let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            #expect(size <= 256 << 10, "\(path): \(size) bytes; make it when it is needed")
        }
    }

    @Test(arguments: [
        ["--help"], ["doctor", "--help"], ["check", "--help"], ["explain", "--help"],
        ["test", "--help"],
    ])
    func `the README names every flag`(arguments: [String]) throws {
        let help = try Repository.run(Repository.program(), arguments)
        #expect(help.contains("--help"))
        try Self.expectNamed(help, in: "README.md")
    }

    @Test func `the guide of the client names every flag`() throws {
        let help = try Repository.run(Repository.program(), ["client", "--help"])
        #expect(help.contains("--server"))
        try Self.expectNamed(help, in: "docs/client.md")
    }

    @Test(arguments: ["verify", "hold", "rate", "echo", "bulk", "mix", "hostile"])
    func `the README of the load tool names every flag`(scenario: String) throws {
        let help = try Repository.run(Repository.loadTool(), [scenario, "--help"])
        #expect(help.contains("--proxy"))
        try Self.expectNamed(help, in: "Benchmarks/README.md")
    }

    private static func expectNamed(_ help: String, in path: String) throws {
        let file = Repository.top.appending(path: path)
        let document = try String(contentsOf: file, encoding: .utf8)
        #expect(Checks.missingFlags(help: help, document: document) == [])
    }
}
