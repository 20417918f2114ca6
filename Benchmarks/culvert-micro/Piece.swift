/// A piece of the hot path, done over and over.
struct Piece {
    /// What `--only` calls it.
    let name: String
    /// Does it so many times; returns something that depends on all of them.
    let work: @Sendable (Int) -> UInt64
}
