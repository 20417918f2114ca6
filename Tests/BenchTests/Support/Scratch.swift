import Foundation

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

    /// What the file `name` in it holds.
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: file(name)), as: UTF8.self)
    }
}
