public import Kernel

/// Why a resolver or one of its sources could not be made.
public enum ResolverError: Error, Equatable {
    /// The look-up library could not start; its own status code.
    case channel(status: Int32)
    /// The library refused the list of servers; its own status code.
    case servers(status: Int32)
    /// The file at `path` can't be opened, without which the numbers of questions can be guessed.
    case random(path: String)
    /// There is no memory for those who wait.
    case memory(SystemError)
    /// The hosts file could not be read.
    case hosts(SystemError)
}

extension ResolverError: CustomStringConvertible {
    /// The cause, as the system or the library has it.
    public var description: String {
        switch self {
        case .channel(let status): "the look-up library can't start (status \(status))"
        case .servers(let status): "the look-up library refuses the servers (status \(status))"
        case .random(let path): "\(path) can't be opened"
        case .hosts(let error), .memory(let error): "\(error)"
        }
    }
}
