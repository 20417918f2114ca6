internal import CCrypt
internal import Glibc

/// Password hashes of crypt(5), as libxcrypt knows them.
///
/// A check takes tens of milliseconds on purpose: not for workers.
public enum PasswordHash {
    /// Whether `password`, in which no byte is zero, has `hash`.
    ///
    /// It takes as long whether it has or hasn't.
    public static func matches(_ hash: String, _ password: Secret) -> Bool {
        guard let found = make(password, hash) else { return false }
        let (left, right) = (Array(found.utf8), Array(hash.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// A bcrypt hash of `password`, in which no byte is zero, with a salt of its own; it takes
    /// 2^`cost` rounds.
    ///
    /// - Throws: `SystemError` of crypt_gensalt(3) or crypt(3).
    public static func make(_ password: Secret, cost: Int) throws(SystemError) -> String {
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let size = Int32(setting.count)
        guard unsafe crypt_gensalt_rn("$2b$", UInt(cost), nil, 0, &setting, size) != nil else {
            throw SystemError("crypt_gensalt")
        }
        let text = String(decoding: setting.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        guard let hash = make(password, text) else { throw SystemError("crypt") }
        return hash
    }

    /// The hash of `password` by the method and the salt of `setting`; nil if that is malformed.
    private static func make(_ password: Secret, _ setting: String) -> String? {
        let size = MemoryLayout<crypt_data>.size
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe scratch.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer {
            unsafe explicit_bzero(scratch, size)
            unsafe scratch.deallocate()
        }
        return unsafe password.withCString { phrase -> String? in
            let hash = unsafe crypt_rn(phrase, setting, scratch, Int32(size))
            return unsafe hash.map { unsafe String(cString: $0) }
        }
    }
}
