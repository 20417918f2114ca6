internal import Glibc

/// Standard input, where somebody types.
public enum Terminal {
    /// Whether standard input is a terminal.
    public static var isInput: Bool { isatty(0) == 1 }

    /// The next line of standard input without its end; nil if there is none.
    ///
    /// A terminal shows `prompt`, and not what is typed.
    public static func secret(_ prompt: String) -> [UInt8]? {
        var before = termios()
        let isHidden = unsafe isInput && tcgetattr(0, &before) == 0
        if isHidden {
            OutputFile.complain(prompt)
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
            _ = unsafe tcsetattr(0, TCSAFLUSH, &silent)
        }
        defer {
            if isHidden {
                _ = unsafe tcsetattr(0, TCSAFLUSH, &before)
                OutputFile.complain("\n")
            }
        }
        return line()
    }

    private static func line() -> [UInt8]? {
        var line: [UInt8] = []
        // So that it isn't copied as it grows.
        line.reserveCapacity(4096)
        var byte: UInt8 = 0
        while line.count < 4096 {
            let count = unsafe read(0, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return line.isEmpty ? nil : line }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }
}
