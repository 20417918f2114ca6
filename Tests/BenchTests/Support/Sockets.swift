import Foundation

/// The TCP sockets of this machine, as the kernel lists them.
enum Sockets {
    /// States of a socket, as the list has them.
    enum State: String { case established = "01", listening = "0A" }

    /// Waits until a socket of `port` is in `state`, for at most half a minute; whether one is.
    static func wait(for state: State, on port: UInt16) throws -> Bool {
        let place = String(format: ":%04X", Int(port))
        for _ in 0..<600 {
            let table = try String(contentsOf: URL(filePath: "/proc/net/tcp"), encoding: .utf8)
            let isThere = table.split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                return words.count > 3 && words[1].hasSuffix(place) && words[3] == state.rawValue
            }
            if isThere { return true }
            usleep(50_000)
        }
        return false
    }
}
