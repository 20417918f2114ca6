/// The running proxy.
public enum Server {
    /// Serves as `configuration` says until a signal ends it; the exit status of the process.
    public static func run(_ configuration: Configuration) -> Int32 {
        1
    }
}
