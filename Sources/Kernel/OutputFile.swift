internal import Glibc

/// A file, pipe or terminal that is written to by waiting calls.
///
/// Not for workers.
public struct OutputFile: ~Copyable {
    private let descriptor: Int32
    private let closes: Bool

    /// Standard output.
    ///
    /// - Throws: `SystemError` if it isn't open for writing.
    public static func standardOutput() throws(SystemError) -> OutputFile {
        let flags = fcntl(1, F_GETFL)
        guard flags >= 0 else { throw SystemError("fcntl") }
        guard flags & O_ACCMODE != O_RDONLY else { throw SystemError("fcntl", code: EBADF) }
        return OutputFile(descriptor: 1, closes: false)
    }

    private init(descriptor: Int32, closes: Bool) {
        self.descriptor = descriptor
        self.closes = closes
    }

    /// For how many milliseconds a pipe may be without a reader.
    private static var patience: Int { 2000 }

    /// Opens the file at `path` for appending; makes it if need be.
    ///
    /// It may be a pipe; one that nobody reads is given up before long: whoever waits here hears no
    /// signal.
    ///
    /// - Throws: `SystemError` of open(2).
    public init(appendingTo path: String) throws(SystemError) {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY
        var descriptor = unsafe open(path, flags | O_NONBLOCK, 0o640)
        for _ in 0..<OutputFile.patience / 10 where descriptor < 0 {
            guard errno == ENXIO else { break }
            usleep(10_000)
            descriptor = unsafe open(path, flags | O_NONBLOCK, 0o640)
        }
        guard descriptor >= 0 else { throw SystemError("open") }
        // Writing waits for room.
        _ = fcntl(descriptor, F_SETFL, flags & O_APPEND)
        self.init(descriptor: descriptor, closes: true)
    }

    /// Opens the file at `path` anew: what it held is gone.
    ///
    /// - Throws: `SystemError` of open(2).
    public init(replacing path: String) throws(SystemError) {
        let flags = O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC | O_NOCTTY
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor >= 0 else { throw SystemError("open") }
        self.init(descriptor: descriptor, closes: true)
    }

    /// Puts `bytes` in place of the file at `path`, all of them or nothing.
    ///
    /// Whoever owns it now does afterwards, and a new file is for its owner alone. A symbolic link
    /// stays one.
    ///
    /// - Throws: `SystemError` of open(2), write(2), fsync(2) or rename(2).
    public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let path = target(of: path)
        var now = stat()
        let exists = unsafe stat(path, &now) == 0
        let fresh = "\(path).\(getpid()).new"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(fresh, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError("open") }
        do throws(SystemError) {
            let file = OutputFile(descriptor: descriptor, closes: true)
            if exists {
                fchmod(descriptor, now.st_mode & 0o7777)
                fchown(descriptor, now.st_uid, now.st_gid)
            }
            let status = unsafe bytes.withUnsafeBufferPointer { unsafe file.writeAll($0) }
            guard status == 0 else { throw SystemError("write", code: Int32(-status)) }
            guard fsync(descriptor) == 0 else { throw SystemError("fsync") }
            guard unsafe rename(fresh, path) == 0 else { throw SystemError("rename") }
        } catch {
            unsafe unlink(fresh)
            throw error
        }
    }

    /// The file that `path` leads to; itself, if that isn't there yet.
    private static func target(of path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    deinit {
        if closes { close(descriptor) }
    }

    /// Writes some bytes of `bytes`; how many, or an errno negated.
    ///
    /// It waits for room also where whoever opened the file made it non-blocking.
    public func write(_ bytes: Extent) -> Int {
        unsafe write(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
    }

    /// Writes all of `text`.
    ///
    /// - Throws: `SystemError` of write(2).
    public func write(_ text: String) throws(SystemError) {
        var text = text
        let status = text.withUTF8 { unsafe writeAll($0) }
        guard status == 0 else { throw SystemError("write", code: Int32(-status)) }
    }

    /// Writes all of `bytes`; 0, or an errno negated.
    private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var written = 0
        while written < bytes.count {
            let count = unsafe write(UnsafeBufferPointer(rebasing: bytes[written...]))
            guard count >= 0 else { return count }
            written += count
        }
        return 0
    }

    private func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        while true {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: _ = OutputFile.hasRoom(descriptor, within: -1)
            default: return -Int(errno)
            }
        }
    }

    private static func hasRoom(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, milliseconds) > 0
    }

    /// Whether somebody looks at standard error as it is written.
    public static var isErrorTerminal: Bool { isatty(2) == 1 }

    /// Whether standard error takes a line of up to 4096 bytes (PIPE_BUF) without making us wait:
    /// a pipe that nobody reads is full before long.
    public static var errorHasRoom: Bool { hasRoom(2, within: 0) }

    /// Writes `text` to standard error.
    public static func complain(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            _ = unsafe Glibc.write(2, bytes.baseAddress, bytes.count)
        }
    }
}
