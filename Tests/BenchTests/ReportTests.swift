import Foundation
import Testing

extension ProgramTests {
    /// Files that `report` doesn't take.
    @Suite struct Reports {
        private static let head = #"{"tool":"culvert-bench","format":1,"#

        /// What stands in the file, what it is refused with.
        private static let broken: [(String, String)] = [
            ("", "line 1, column 1: '{' is expected, but it ends"),
            ("[]", "line 1, column 1: '{' is expected"),
            (head, "line 1, column 36: '\"' is expected, but it ends"),
            ("\(head)\n \"a\": [1, 2", "line 2, column 12: ']' is expected, but it ends"),
            (#"\#(head)"a": [1, 2,]}"#, "line 1, column 47: a value is expected"),
            (#"\#(head)"é": 01}"#, "line 1, column 42: '}' is expected"),
            (#"\#(head)"a": 1.}"#, "line 1, column 43: a digit is expected"),
            (#"\#(head)"a": 1e+}"#, "line 1, column 44: a digit is expected"),
            (#"\#(head)"a": -}"#, "line 1, column 42: a digit is expected"),
            (#"\#(head)"a": nul}"#, "line 1, column 41: null is expected"),
            (#"\#(head)"a": NaN}"#, "line 1, column 41: a value is expected"),
            (#"\#(head)"a": "\x"}"#, "line 1, column 43: an escape of JSON is expected"),
            (#"\#(head)"a": "\u12g4"}"#, "line 1, column 46: a hexadecimal digit is"),
            ("\(head)\"a\": \"\t\"}", "line 1, column 42: an escape in place of a control"),
            (#"\#(head)"a" 1}"#, "line 1, column 40: ':' is expected"),
            ("\(head)\"a\": 1}\n}", "line 2, column 1: the end is expected"),
            (
                #"\#(head)"a": "# + String(repeating: "[", count: 99),
                "line 1, column 104: no more depth is expected"
            ),
            (#"{"tool":"curl","format":1}"#, "it has no figures of culvert-bench in format 1"),
            (#"{"tool":"culvert-bench","format":2}"#, "it has no figures of culvert-bench"),
        ]

        @Test(arguments: broken)
        func `a broken file is refused with its place`(text: String, words: String) throws {
            let folder = try Scratch()
            try folder.write("a.json", text)
            let path = folder.path("a.json")
            let result = try Tool.run(["report", "--html", folder.path("a.html"), path])
            #expect(result.status == 64)
            #expect(result.errors.contains("'\(path)' is invalid for '<figures>': \(words)"))
            #expect(result.errors.contains("give a "))
            #expect(try folder.names() == ["a.json"])
        }

        @Test func `a file that is not UTF-8 is refused with its place`() throws {
            let folder = try Scratch()
            try (Data("{\n\"é".utf8) + Data([0xc3, 0x22])).write(to: folder.file("a.json"))
            let result = try Tool.run(["report", "--html", "a.html", folder.path("a.json")])
            #expect(result.status == 64)
            #expect(result.errors.contains("line 2, column 3: UTF-8 is expected"))
        }

        @Test(arguments: ["missing.json", ""])
        func `a file that can't be read is refused`(name: String) throws {
            let folder = try Scratch()
            let result = try Tool.run(["report", "--html", "a.html", folder.path(name)])
            #expect(result.status == 64)
            #expect(result.errors.contains("it can't be read"))
        }

        @Test func `figures are not overwritten by a page`() throws {
            let folder = try Scratch()
            try folder.write("a.json", Self.head + "\"a\":1}")
            let path = folder.path("a.json")
            let result = try Tool.run(["report", "--html", path, path])
            #expect(result.status == 64)
            #expect(result.errors.contains("invalid for '--html': it has the figures of a run"))
            #expect(try folder.text("a.json") == Self.head + "\"a\":1}")
        }

        @Test func `a page that can't be written is told with its flag`() throws {
            let folder = try Scratch()
            try folder.write("a.json", Self.head + "\"a\":1}")
            let result = try Tool.run(["report", "--html", "/nowhere/a", folder.path("a.json")])
            #expect(result.status == 64)
            #expect(result.errors.contains("The value '/nowhere/a' is invalid for '--html'"))
        }
    }
}
