/// Receives on sockets that hold bytes, which begin in turn.
///
/// Of all receives that begin at once the first ones get the buffers. Without a line those that had
/// one would begin first again, and others never get any.
package struct ReceiveLine {
    /// A receive that waits.
    package typealias Place = (socket: Int32, token: UInt64)

    /// Those from `first` on wait.
    private var places: [Place] = []
    private var first = 0

    package init() {}

    /// Joins the end of the line.
    package mutating func join(_ socket: Int32, token: UInt64) { places.append((socket, token)) }

    /// Takes the one that has waited longest out of the line.
    package mutating func next() -> Place? {
        guard first < places.count else { return nil }
        defer { first += 1 }
        if 2 * first > places.count {
            places.removeFirst(first)
            first = 0
        }
        return places[first]
    }
}
