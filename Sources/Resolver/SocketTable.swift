/// The look-up sockets and what each wants, in a table of fixed size.
///
/// A place whose closing has not been announced yet is not given to another socket, unless there
/// is no other; then the new generation announces the closing as well.
struct SocketTable {
    static var countMax: Int { 64 }

    private struct Place {
        var descriptor: Int32 = -1
        var generation: UInt16 = 0
        var reads = false
        var writes = false
        /// Whether something about the socket is still to be announced.
        var isNews = false

        var isOpen: Bool { descriptor >= 0 }
    }

    private var places = [Place](repeating: Place(), count: SocketTable.countMax)
    private var newsCount = 0
    private var newsHand = 0

    /// Notes what the socket wants; neither wish means that it is about to be closed.
    mutating func setInterest(_ descriptor: Int32, reads: Bool, writes: Bool) {
        if let index = places.firstIndex(where: { $0.descriptor == descriptor }) {
            places[index].reads = reads
            places[index].writes = writes
            if !reads, !writes { places[index].descriptor = -1 }
            announce(index)
        } else if reads || writes {
            // A socket without a place is never polled: its questions run into their timeouts.
            guard let index = freePlace() else { return }
            places[index].descriptor = descriptor
            places[index].generation &+= 1
            places[index].reads = reads
            places[index].writes = writes
            announce(index)
        }
    }

    /// The descriptor of the socket at `index`, or nil if that life of it is over.
    func descriptor(_ index: UInt32, generation: UInt16) -> Int32? {
        guard index < UInt32(places.count) else { return nil }
        let place = places[Int(index)]
        return place.isOpen && place.generation == generation ? place.descriptor : nil
    }

    /// Announces the socket again if it is still there: its one poll was spent.
    mutating func announceAgain(_ index: UInt32, generation: UInt16) {
        guard descriptor(index, generation: generation) != nil else { return }
        announce(Int(index))
    }

    /// A socket of which something is to be announced, or nil.
    mutating func nextInterest() -> SocketInterest? {
        guard newsCount > 0 else { return nil }
        while !places[newsHand].isNews { newsHand = (newsHand + 1) % places.count }
        places[newsHand].isNews = false
        newsCount -= 1
        let place = places[newsHand]
        return SocketInterest(
            index: UInt32(newsHand),
            generation: place.generation,
            descriptor: place.descriptor,
            reads: place.reads,
            writes: place.writes
        )
    }

    private func freePlace() -> Int? {
        places.firstIndex { !$0.isOpen && !$0.isNews } ?? places.firstIndex { !$0.isOpen }
    }

    private mutating func announce(_ index: Int) {
        guard !places[index].isNews else { return }
        places[index].isNews = true
        newsCount += 1
    }
}
