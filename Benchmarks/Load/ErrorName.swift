internal import Kernel

/// Errnos in the words of a report.
enum ErrorName {
    /// What `call` failed with, and what to do about it where that is the tool's affair.
    static func text(_ call: StaticString, _ code: Int32) -> String {
        switch code {
        case Errno.addressNotAvailable:
            "\(SystemError(call, code: code)): give more addresses to connect from with --source"
        case Errno.tooManyFiles:
            "\(SystemError(call, code: code)): give more --workers"
        default: "\(SystemError(call, code: code))"
        }
    }
}
