internal import Kernel

/// Who waits for which look-up, and who is to be told that its answer moved.
///
/// The waiters of a look-up form a double list through their own numbers; the noticed
/// ones form another, first come first told. Nothing is allocated after the start.
struct WaiterTable: ~Copyable {
    /// The end of a list.
    static var nobody: Int32 { -1 }

    /// A number, or `nobody`; zero in memory is that.
    @propertyWrapper private struct Link: BitwiseCopyable {
        private var beyond: Int32 = 0

        var wrappedValue: Int32 {
            get { beyond - 1 }
            set { beyond = newValue + 1 }
        }
    }

    /// All zeros where nothing has been set, as untouched memory is.
    private struct Waiter: BitwiseCopyable {
        /// The look-up that is waited for, or `nobody`.
        @Link var place: Int32
        @Link var next: Int32
        @Link var previous: Int32
        var isNoticed = false
        @Link var nextNoticed: Int32
        @Link var previousNoticed: Int32
    }

    private let waiters: Table<Waiter>
    private var firstNoticed = WaiterTable.nobody
    private var lastNoticed = WaiterTable.nobody

    /// Room for the waiters 0 to `count` - 1.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(count: Int) throws(SystemError) {
        waiters = try Table(zeroed: count)
    }

    /// The look-up that `waiter` waits for, or nil.
    func place(of waiter: UInt32) -> UInt32? {
        guard waiter < UInt32(waiters.count) else { return nil }
        return UInt32(exactly: waiters[Int(waiter)].place)
    }

    /// Puts `waiter` before `first`, the first waiter of the look-up at `place`.
    mutating func join(_ waiter: UInt32, _ place: UInt32, first: inout Int32) {
        precondition(waiter < UInt32(waiters.count), "a waiter's number is below waitersMax")
        let own = Int(waiter)
        precondition(waiters[own].place == WaiterTable.nobody)
        waiters[own].place = Int32(place)
        waiters[own].previous = WaiterTable.nobody
        waiters[own].next = first
        if first >= 0 { waiters[Int(first)].previous = Int32(waiter) }
        first = Int32(waiter)
    }

    /// Takes `waiter`, which waits, out of the list that begins with `first`.
    mutating func leave(_ waiter: UInt32, first: inout Int32) {
        let own = waiters[Int(waiter)]
        precondition(own.place != WaiterTable.nobody)
        if own.previous >= 0 {
            waiters[Int(own.previous)].next = own.next
        } else {
            first = own.next
        }
        if own.next >= 0 { waiters[Int(own.next)].previous = own.previous }
        waiters[Int(waiter)].place = WaiterTable.nobody
        if own.isNoticed { forgetNotice(Int32(waiter)) }
    }

    /// Notes for each waiter from `first` on that its answer moved.
    mutating func notice(from first: Int32) {
        var waiter = first
        while waiter >= 0 {
            noticeOne(waiter)
            waiter = waiters[Int(waiter)].next
        }
    }

    /// A waiter whose answer moved, or nil.
    mutating func nextNotice() -> UInt32? {
        guard firstNoticed >= 0 else { return nil }
        let waiter = firstNoticed
        forgetNotice(waiter)
        return UInt32(waiter)
    }

    /// Forgets the notice of `waiter`, who just saw its answer.
    mutating func dropNotice(of waiter: UInt32) {
        if waiters[Int(waiter)].isNoticed { forgetNotice(Int32(waiter)) }
    }

    private mutating func noticeOne(_ waiter: Int32) {
        guard !waiters[Int(waiter)].isNoticed else { return }
        waiters[Int(waiter)].isNoticed = true
        waiters[Int(waiter)].nextNoticed = WaiterTable.nobody
        waiters[Int(waiter)].previousNoticed = lastNoticed
        if lastNoticed >= 0 {
            waiters[Int(lastNoticed)].nextNoticed = waiter
        } else {
            firstNoticed = waiter
        }
        lastNoticed = waiter
    }

    private mutating func forgetNotice(_ waiter: Int32) {
        let own = waiters[Int(waiter)]
        if own.previousNoticed >= 0 {
            waiters[Int(own.previousNoticed)].nextNoticed = own.nextNoticed
        } else {
            firstNoticed = own.nextNoticed
        }
        if own.nextNoticed >= 0 {
            waiters[Int(own.nextNoticed)].previousNoticed = own.previousNoticed
        } else {
            lastNoticed = own.previousNoticed
        }
        waiters[Int(waiter)].isNoticed = false
    }
}
