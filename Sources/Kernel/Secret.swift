internal import CCrypt
internal import CLiburing

/// Bytes of which no copy is made, and which are wiped when nobody needs them any more.
@safe public final class Secret: @unchecked Sendable {
    private let start: UnsafeMutablePointer<UInt8>
    /// How many bytes there are.
    public let count: Int

    /// A copy of `bytes`.
    public init(_ bytes: Extent) {
        count = bytes.count
        // One more, which is zero: C ends strings so.
        unsafe start = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        for index in 0..<count { unsafe start[index] = bytes[index] }
        unsafe start[count] = 0
    }

    /// A copy of `bytes`, which are wiped.
    public init(wiping bytes: inout [UInt8]) {
        count = bytes.count
        unsafe start = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
        for index in 0..<count {
            unsafe start[index] = bytes[index]
            bytes[index] = 0
        }
        unsafe start[count] = 0
    }

    /// From now on the process leaves no core if it crashes, and only root may look into its
    /// memory: there are secrets in it.
    public static func hideProcess() { _ = cl_make_undumpable() }

    /// The bytes as a string of C; none of them may be zero.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe start.withMemoryRebound(to: CChar.self, capacity: count + 1) { unsafe body($0) }
    }

    deinit {
        unsafe explicit_bzero(start, count)
        unsafe start.deallocate()
    }
}

extension Secret: Equatable {
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        // How long it takes says nothing of where they differ.
        return (0..<left.count).reduce(0) { unsafe $0 | left.start[$1] ^ right.start[$1] } == 0
    }
}
