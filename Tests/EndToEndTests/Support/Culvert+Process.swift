import Foundation
import Testing

/// What the system says of the process.
extension Culvert {
    private func lines(_ file: String) throws -> [String] {
        let path = "/proc/\(process.processIdentifier)/\(file)"
        let data = try FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self).components(separatedBy: "\n")
    }

    /// Resident memory in KiB.
    func residentKilobytes() throws -> Int {
        let line = try lines("status").first { $0.hasPrefix("VmRSS:") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    /// Waits until there are no more than `kilobytes` of resident memory.
    func awaitResident(
        atMost kilobytes: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for _ in 0..<200 where try residentKilobytes() > kilobytes { usleep(50_000) }
        let resident = try residentKilobytes()
        #expect(resident <= kilobytes, sourceLocation: sourceLocation)
    }

    /// CPU time of all its threads so far, in clock ticks of 10 ms.
    func processorTicks() throws -> Int {
        let line = try lines("stat").first ?? ""
        let fields = (line.components(separatedBy: ") ").last ?? "").split(separator: " ")
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }

    /// Open descriptors of each thread, whose tables are their own.
    func openDescriptors() throws -> [Int] {
        let top = "/proc/\(process.processIdentifier)/task"
        return try FileManager.default.contentsOfDirectory(atPath: top).sorted().map { thread in
            try FileManager.default.contentsOfDirectory(atPath: "\(top)/\(thread)/fd").count
        }
    }

    /// Waits until no tunnel is left, and returns the levels.
    func settled() throws -> [String: Int] {
        while true {
            let levels = try status()
            if levels["tunnels"] == 0 { return levels }
        }
    }
}
