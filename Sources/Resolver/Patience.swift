/// How long a question waits for its answer, and how often it is asked.
package struct Patience: Equatable, Sendable {
    /// How long the first try waits; each round over all servers waits twice as long as the one
    /// before.
    package var firstMilliseconds: Int
    /// How often each server is asked.
    package var tries: Int

    /// A patience of these times and tries, of which there are some.
    package init(firstMilliseconds: Int, tries: Int) {
        self.firstMilliseconds = max(1, firstMilliseconds)
        self.tries = max(1, tries)
    }

    /// As much of it as fits into `milliseconds`, in which each of `serverCount` servers is asked.
    ///
    /// A question that went on for longer would take up room that nobody waits for.
    package func fitted(into milliseconds: Int, serverCount: Int) -> Patience {
        let share = milliseconds / max(1, serverCount)
        let first = min(max(share / 3, 1), firstMilliseconds)
        var fitted = Patience(firstMilliseconds: first, tries: 1)
        var whole = first
        while fitted.tries < tries, whole + first << fitted.tries <= share {
            whole += first << fitted.tries
            fitted.tries += 1
        }
        return fitted
    }
}
