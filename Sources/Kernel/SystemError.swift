internal import Glibc

/// A system call that failed: which one, and with which errno.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call, as its manual page names it.
    public let call: StaticString
    /// The value of errno, positive.
    public let code: Int32

    /// The failure of `call` with `code`.
    public init(_ call: StaticString, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The failure of `call` with the present errno.
    init(_ call: StaticString) {
        self.init(call, code: errno)
    }

    public static func == (left: SystemError, right: SystemError) -> Bool {
        left.code == right.code && left.call.description == right.call.description
    }

    /// The call and the system's words for the error.
    public var description: String {
        let words = unsafe String(cString: strerror(code))
        return "\(call): \(words) (errno \(code))"
    }
}

/// Errnos that the proxy tells apart, so that modules above need no libc.
public enum Errno {
    public static var again: Int32 { EAGAIN }
    public static var canceled: Int32 { ECANCELED }
    public static var noBuffers: Int32 { ENOBUFS }
    public static var connectionReset: Int32 { ECONNRESET }
    public static var connectionRefused: Int32 { ECONNREFUSED }
    public static var connectionAborted: Int32 { ECONNABORTED }
    public static var brokenPipe: Int32 { EPIPE }
    public static var timedOut: Int32 { ETIMEDOUT }
    public static var hostUnreachable: Int32 { EHOSTUNREACH }
    public static var networkUnreachable: Int32 { ENETUNREACH }
    public static var addressNotAvailable: Int32 { EADDRNOTAVAIL }
    public static var addressInUse: Int32 { EADDRINUSE }
    public static var notPermitted: Int32 { EPERM }
    public static var accessDenied: Int32 { EACCES }
    public static var noSystemCall: Int32 { ENOSYS }
    public static var invalid: Int32 { EINVAL }
    public static var tooManyFiles: Int32 { EMFILE }
    public static var tooManyFilesInSystem: Int32 { ENFILE }
    public static var noMemory: Int32 { ENOMEM }
    public static var fileTooLarge: Int32 { EFBIG }
    public static var noEntry: Int32 { ENOENT }
    public static var already: Int32 { EALREADY }
    public static var interrupted: Int32 { EINTR }
    public static var expired: Int32 { ETIME }
}
