internal import CLiburing
internal import Glibc

/// Files by which the system and its administrator tell things, and where files may be made.
public enum SystemFile {
    /// Bytes of a file that are read, at most.
    public static var byteCountMax: Int { 4 << 20 }

    /// The text of the file at `path`, at most `byteCountMax` bytes; nil if it can't be read.
    ///
    /// Files of /proc have no size to ask for, so it reads until the end.
    public static func read(_ path: String) -> String? {
        (try? bytes(path, atMost: byteCountMax)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// For how long whoever writes a pipe may make its reader wait.
    private static var patienceMilliseconds: Int32 { 2000 }

    /// What the file at `path` begins with: all of it, if it has at most `limit` bytes.
    ///
    /// It may be a pipe; one that nobody writes, or whose writer is silent, is given up: whoever
    /// waits here hears no signal.
    ///
    /// - Throws: `SystemError` of open(2), poll(2) or read(2).
    public static func bytes(_ path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = unsafe Glibc.open(path, flags)
        guard descriptor >= 0 else { throw SystemError("open") }
        defer { _ = Glibc.close(descriptor) }
        let mayWait = isPipe(descriptor)
        var text: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while text.count < limit {
            if mayWait { try waitForBytes(descriptor) }
            let count = unsafe block.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read") }
            if count == 0 { break }
            text.append(contentsOf: block[..<min(count, limit - text.count)])
        }
        return text
    }

    /// Whether `path` is a file, or something like it, that we may read.
    ///
    /// It isn't read: what a pipe has given is gone.
    public static func isReadable(_ path: String) -> Bool {
        unsafe access(path, R_OK) == 0 && !isDirectory(path)
    }

    private static func isPipe(_ descriptor: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }

    private static func waitForBytes(_ descriptor: Int32) throws(SystemError) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = unsafe poll(&request, 1, patienceMilliseconds)
        guard count != 0 else { throw SystemError("poll", code: ETIMEDOUT) }
    }

    /// Whether `path` is a directory.
    public static func isDirectory(_ path: String) -> Bool { canBeOpened(path, O_DIRECTORY) }

    /// Whether the file at `path` can be opened for reading now, for which there has to be a
    /// descriptor left.
    public static func canBeOpened(_ path: String) -> Bool { canBeOpened(path, O_NONBLOCK) }

    private static func canBeOpened(_ path: String, _ flags: Int32) -> Bool {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags)
        guard descriptor >= 0 else { return false }
        _ = Glibc.close(descriptor)
        return true
    }

    /// In how many ticks /proc counts a second of CPU.
    public static var ticksPerSecond: Int { Int(sysconf(Int32(_SC_CLK_TCK))) }

    /// Bytes of a page of memory.
    public static var pageSize: Int { Int(sysconf(Int32(_SC_PAGESIZE))) }
}
