internal import Connect
internal import Kernel

/// What credentials are known by once they have been checked: 128 bits of a keyed hash.
///
/// The key is drawn when the process starts, so nobody can find two credentials of one tag, nor the
/// password of a tag but by trying.
package struct Tag: Hashable, BitwiseCopyable, Sendable {
    let high: UInt64
    let low: UInt64

    /// Where a worker remembers it.
    var place: Int { Int(low % UInt64(Tag.places)) }

    /// How many credentials a worker remembers.
    static var places: Int { 1024 }

    /// The tag of `credentials` by the two keys.
    package init(_ credentials: Presented, _ keys: (UInt64, UInt64)) {
        high = Tag.hash(credentials, keys.0)
        low = Tag.hash(credentials, keys.1)
    }

    /// The tag of `user` by the two keys, which is another for each `salt`.
    init(_ user: Extent, salt: UInt64, _ keys: (UInt64, UInt64)) {
        high = Tag.hash(user, salt, keys.0)
        low = Tag.hash(user, salt, keys.1)
    }

    private static func hash(_ user: Extent, _ salt: UInt64, _ key: UInt64) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(key)
        hasher.combine(salt)
        for index in 0..<user.count { hasher.combine(user[index]) }
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    private static func hash(_ credentials: Presented, _ key: UInt64) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(key)
        hasher.combine(credentials.form.userByteCount)
        for index in 0..<credentials.form.byteCount { hasher.combine(credentials.text[index]) }
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }
}
