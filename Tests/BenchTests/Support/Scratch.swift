import Foundation
import Testing

/// A folder that is gone with the value.
final class Scratch {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID())")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The file `name` in it.
    func file(_ name: String) -> URL { folder.appending(path: name) }

    /// The path of the file `name` in it.
    func path(_ name: String) -> String { file(name).path(percentEncoded: false) }

    /// The names of the files in it.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
    }

    /// Writes `text` to the file `name` in it.
    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: file(name)) }

    /// What the file `name` in it holds.
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: file(name)), as: UTF8.self)
    }

    /// The JSON object in the file `name`.
    func figures(_ name: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: try Data(contentsOf: file(name)))
        return try #require(object as? [String: Any])
    }

    /// The cells of the one line of values in the file `name`, by their columns.
    func cells(_ name: String) throws -> [String: String] {
        let rows = try text(name).split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        try #require(rows.count == 3 && rows[2] == [""] && rows[0].count == rows[1].count)
        #expect(Set(rows[0]).count == rows[0].count)
        return Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
    }
}
