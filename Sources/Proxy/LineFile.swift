internal import Kernel

/// A file of lines that may refuse some: a full disk holds nobody up, and what is lost is counted.
///
/// Lines are lost whole: what has been written of a line that is lost stands on a line of its own.
struct LineFile: ~Copyable {
    private var file: OutputFile
    /// Whether the last byte that was written is within a line.
    private var isWithinLine = false
    /// Whether the line that was written last has no end, and will get none but a line feed.
    private var isCutShort = false
    /// Whether the first bytes to come belong to a line that is lost.
    private var isSkipping = false
    /// Lines that were lost.
    private(set) var lost: UInt64 = 0

    /// Lines are written to `file`.
    init(_ file: consuming OutputFile) {
        self.file = file
    }

    /// Lines are written to `other` from now on.
    ///
    /// A line that has been begun is lost, unless it has been already.
    mutating func goOn(in other: consuming OutputFile) {
        file = other
        if isWithinLine, !isCutShort {
            // Its end would stand alone in the new file.
            isSkipping = true
            lost += 1
        }
        isWithinLine = false
        isCutShort = false
    }

    /// Writes some of `bytes`; how many have been dealt with, be it that they are lost.
    ///
    /// They may begin and end within a line, where the ones before and behind them go on.
    mutating func write(_ bytes: Extent) -> Int {
        guard !isSkipping else { return skip(bytes) }
        if isCutShort, (try? file.write("\n")) != nil {
            isCutShort = false
            isWithinLine = false
        }
        let count = isCutShort ? 0 : file.write(bytes)
        guard count <= 0 else {
            isWithinLine = bytes[count - 1] != UInt8(ascii: "\n")
            return count
        }
        isCutShort = isWithinLine
        isSkipping = bytes[bytes.count - 1] != UInt8(ascii: "\n")
        lost += LineFile.ends(in: bytes) + (isSkipping ? 1 : 0)
        return bytes.count
    }

    /// Passes over the rest of a line that is lost.
    private mutating func skip(_ bytes: Extent) -> Int {
        for index in 0..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
            isSkipping = false
            return index + 1
        }
        return bytes.count
    }

    /// How many lines end in `bytes`.
    static func ends(in bytes: Extent) -> UInt64 {
        var lines: UInt64 = 0
        for index in 0..<bytes.count where bytes[index] == UInt8(ascii: "\n") { lines += 1 }
        return lines
    }
}
