internal import CLiburing
internal import Glibc

/// What the system calls itself.
public enum SystemName {
    /// The host's name, or "localhost" if it has none.
    public static var host: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let status = unsafe bytes.withUnsafeMutableBytes { buffer in
            let name = unsafe buffer.assumingMemoryBound(to: CChar.self)
            guard let start = name.baseAddress else { return Int32(-1) }
            return unsafe gethostname(start, 255)
        }
        let end = bytes.firstIndex(of: 0) ?? 0
        return status == 0 && end > 0 ? String(decoding: bytes[..<end], as: UTF8.self) : "localhost"
    }
}
