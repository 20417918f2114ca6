/// Receives on sockets that hold bytes, which begin in turn.
///
/// Of all receives that begin at once the first ones get the buffers. Without a line those that had
/// one would begin first again, and others never get any.
package struct ReceiveLine {
    /// A receive that waits.
    package struct Place {
        package var socket: Int32
        package var token: UInt64
    }

    /// Those from `first` on wait.
    private var places: [Place] = []
    private var first = 0

    /// An empty line; its memory is got now, and more only for very many.
    package init() { places.reserveCapacity(8192) }

    /// Joins the end of the line.
    package mutating func join(_ socket: Int32, token: UInt64) {
        places.append(Place(socket: socket, token: token))
    }

    /// Takes the receive of `token` out of the line; whether it was there.
    package mutating func leave(_ token: UInt64) -> Bool {
        for index in first..<places.count where places[index].token == token {
            places.remove(at: index)
            return true
        }
        return false
    }

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
