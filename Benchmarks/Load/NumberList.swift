/// A file of /proc whose lines begin with a name.
struct NumberList {
    private let lines: [Substring]

    init(_ text: String?) { lines = text?.split(separator: "\n") ?? [] }

    /// The words of the line that begins with `name`, which is the first of them.
    func words(_ name: String) -> [Substring]? {
        lines.first { $0.hasPrefix(name) }?.split(separator: " ")
    }

    /// The number of KiB behind `name` in bytes; nil if there is none.
    func bytes(_ name: String) -> Int? {
        guard let words = words(name), words.count > 1, words[0] == name else { return nil }
        return Int(words[1]).map { $0 << 10 }
    }
}
