internal import Kernel

extension HostsFile {
    /// Bytes of a file, at most.
    private static var byteCountMax: Int { 64 << 20 }

    /// Reads the file at `path`.
    ///
    /// Blocks: for the start of the program, never for a worker.
    public init(path: String) throws(ResolverError) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemFile.bytes(path, atMost: HostsFile.byteCountMax + 1)
        } catch {
            throw ResolverError.hosts(error)
        }
        guard bytes.count <= HostsFile.byteCountMax else {
            throw ResolverError.hosts(SystemError("read", code: Errno.fileTooLarge))
        }
        self.init(bytes: bytes.span)
    }
}
