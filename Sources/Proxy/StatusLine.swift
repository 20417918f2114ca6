internal import Internet
internal import Kernel

/// What SIGUSR1 asks for, as a line of JSON.
package enum StatusLine {
    /// The line that tells what time it is, `numbers` by their names, and whether it accepts, if
    /// that is known.
    package static func text(
        _ numbers: [(name: String, value: UInt64)],
        isAccepting: Bool? = nil
    ) -> String {
        var text: [UInt8] = []
        text.append("{\"time\":\"")
        WallTime.now().write(to: &text)
        text.append("\",\"event\":\"status\"")
        for (name, value) in numbers {
            text.append(",\"")
            text.append(name)
            text.append("\":")
            text.append(decimal: value)
        }
        if let isAccepting { text.append(",\"accepting\":\(isAccepting)") }
        text.append("}")
        return String(decoding: text, as: UTF8.self)
    }
}
