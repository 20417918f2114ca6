/// Why a resolver or one of its sources could not be made.
public enum ResolverError: Error, Equatable {
    /// The look-up library could not start; its own status code.
    case channel(status: Int32)
    /// The library refused the list of servers; its own status code.
    case servers(status: Int32)
    /// The hosts file could not be read; the errno of the call.
    case hosts(errno: Int32)
}
