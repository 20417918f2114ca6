internal import Glibc

extension HostsFile {
    /// Reads the file at `path`.
    ///
    /// Blocks: for the start of the program, never for a worker.
    public init(path: String) throws(ResolverError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ResolverError.hosts(errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ResolverError.hosts(errno: errno) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[0..<count])
        }
        self.init(bytes: bytes.span)
    }
}
