internal import Kernel
internal import Logging
internal import Synchronization

/// What is said to the operator on standard error.
enum Notices {
    /// Notices for which standard error had no room, since it last had.
    private static let unsaid = Atomic<Int>(0)

    /// Has `tell` tell, unless that would make the thread wait for whoever reads.
    static func ifHeard(_ logger: Logger, _ tell: () -> Void) {
        guard OutputFile.errorHasRoom else {
            unsaid.add(1, ordering: .relaxed)
            return
        }
        let missing = unsaid.exchange(0, ordering: .relaxed)
        if missing > 0 { logger.warning("\(missing) notices found no room here and are lost") }
        tell()
    }

    /// Says `line` as it stands.
    static func writeLine(_ line: String) { OutputFile.complain(line + "\n") }
}
