/// The checks: each looks at one file and returns what is wrong with it, and what would be right.
enum Checks {
    static let columnsMax = 100
    static let functionLinesMax = 60
    static let fileLinesMax = 400

    static func longLines(_ file: TextFile) -> [String] {
        guard file.isProgram else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            line.count <= columnsMax
                ? nil : "\(file.path):\(index + 1): \(line.count) columns; break the line"
        }
    }

    static func longFile(_ file: TextFile) -> [String] {
        guard file.isProgram, file.lines.count - 1 > fileLinesMax else { return [] }
        return ["\(file.path): \(file.lines.count - 1) lines; split the file by subject"]
    }

    /// Functions that are too long.
    ///
    /// It relies on the formatter: a body ends with a brace that stands as far in as the
    /// declaration.
    static func longFunctions(_ file: TextFile) -> [String] {
        guard file.isSwift else { return [] }
        let start = #/^ *([@a-z][@a-z()]* )*(func |init[?(<]|deinit |subscript[(<]).*/#
        // Matching takes long; few lines are worth it.
        let words = ["func ", "init", "deinit", "subscript"]
        return file.code.indices.compactMap { first in
            guard words.contains(where: file.code[first].contains),
                file.code[first].wholeMatch(of: start) != nil,
                let last = end(of: first, in: file.code),
                last - first + 1 > functionLinesMax
            else { return nil }
            return "\(file.path):\(first + 1): a function of \(last - first + 1) lines; "
                + "take a part out that has a name"
        }
    }

    private static func end(of first: Int, in code: [String]) -> Int? {
        let indent = String(code[first].prefix { $0 == " " })
        var opening = first
        while !code[opening].hasSuffix("{") {
            opening += 1
            guard opening < code.count else { return nil }
            let line = code[opening]
            // The next declaration: the first one was a requirement, or stood on one line.
            let isContinued =
                line.hasPrefix(indent + " ") || line.hasPrefix(indent + ")")
                || line.hasPrefix(indent + "where") || line.hasPrefix(indent + "{")
            guard isContinued else { return nil }
        }
        return code[opening...].firstIndex(of: indent + "}")
    }

    static func mayBeUnsafe(_ path: String) -> Bool {
        [
            "Sources/Kernel/", "Sources/Resolver/Ares", "Sources/PolicyFile/YAMLEvents",
            "Benchmarks/TLS/",
        ]
        .contains(where: path.hasPrefix)
    }

    static func unsafeOutside(_ file: TextFile) -> [String] {
        guard file.isSwift, file.module != nil, !mayBeUnsafe(file.path) else { return [] }
        return file.code.enumerated().compactMap { index, line in
            line.contains("unsafe") && line.contains(#/\bunsafe\b/#)
                ? "\(file.path):\(index + 1): unsafe code; it belongs in Sources/Kernel" : nil
        }
    }

    /// Imports that may not be: of libc outside its border, of Foundation, and upwards.
    static func imports(_ file: TextFile, modules: [String]) -> [String] {
        guard file.isSwift, let module = file.module else { return [] }
        return file.code.enumerated().compactMap { index, line in
            guard line.contains("import "),
                let match = line.firstMatch(of: #/\bimport (?:[a-z]+ )?([A-Za-z_]+)/#)
            else { return nil }
            let place = "\(file.path):\(index + 1): import of \(match.1)"
            switch match.1 {
            case "Foundation", "FoundationEssentials": return "\(place); do without Foundation"
            case "Glibc", "Musl":
                return mayBeUnsafe(file.path) ? nil : "\(place); ask Kernel instead"
            case "CLiburing", "CCrypt":
                return module == "Kernel" ? nil : "\(place); ask Kernel instead"
            case "COpenSSL": return module == "TLS" ? nil : "\(place); ask TLS instead"
            case "CAres":
                return file.path.hasPrefix("Sources/Resolver/Ares") ? nil : "\(place); ask Resolver"
            case "CYAML":
                return mayBeUnsafe(file.path) ? nil : "\(place); ask for a Tree instead"
            default:
                guard let imported = modules.firstIndex(of: String(match.1)) else { return nil }
                guard let own = modules.firstIndex(of: module) else { return nil }
                return imported < own ? nil : "\(place); \(module) may import only what is above it"
            }
        }
    }

    /// Types named like their module, which could then not be qualified.
    static func namesakes(_ file: TextFile) -> [String] {
        guard file.isSwift, let module = file.module else { return [] }
        let declaration = #/\b(?:struct|class|enum|protocol|actor|typealias) ([A-Za-z]+)/#
        return file.code.enumerated().compactMap { index, line in
            line.contains(module) && line.matches(of: declaration).contains { $0.1 == module }
                ? "\(file.path):\(index + 1): a type named like its module; rename one" : nil
        }
    }

    /// Words that mean unfinished work, or that only make sense where it was written.
    static func words(_ file: TextFile) -> [String] {
        let words = [
            "TO" + "DO": "do it, or leave it out", "FIX" + "ME": "mend it, or leave it out",
            "/wo" + "rk/": "name no workplace", "/tmp/" + "wt": "name no workplace",
            "issues " + "show": "name no workplace",
        ]
        return file.lines.enumerated().flatMap { index, line in
            words.filter { line.contains($0.key) }
                .map { "\(file.path):\(index + 1): \($0.key); \($0.value)" }
        }
    }

    /// A document begins with its only title.
    static func title(_ file: TextFile) -> [String] {
        guard file.path.hasSuffix(".md") else { return [] }
        var isInFence = false
        var titles: [Int] = []
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { isInFence.toggle() }
            if !isInFence, line.hasPrefix("# ") { titles.append(index) }
        }
        return titles == [0] ? [] : ["\(file.path): it needs one # Title, in its first line"]
    }

    /// Flags in the text of --help that `document` doesn't name.
    static func missingFlags(help: String, document: String) -> [String] {
        let named = Set(document.matches(of: #/--[a-z][a-z-]*[a-z]/#).map { String($0.0) })
        return help.split(separator: "\n").flatMap { line -> [String] in
            guard let option = line.prefixMatch(of: #/ +(?:-[a-z], )?(--[a-z\/-]+)/#) else {
                return []
            }
            return option.1.split(separator: "/").map(String.init)
        }
        .filter { !named.contains($0) }
    }
}
