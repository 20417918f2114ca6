/// A client, or the network that it is in, of which questions wait or are checked.
struct Party {
    var waiting = 0
    var checking = 0
    var failures = Failures()
    /// Whether it is a client that has logged in of late.
    var isRegular = false
}

/// The parties that there are at the moment.
///
/// Each has a number for as long, so that whoever looks through all that wait need not look up
/// whose it is.
struct Parties<Key: Hashable> {
    private var numbers: [Key: Int] = [:]
    private var parties: [Party] = []
    private var free: [Int] = []

    subscript(number: Int) -> Party {
        get { parties[number] }
        _modify { yield &parties[number] }
    }

    /// The number of `key`, which has one from now on if it had none.
    mutating func number(of key: Key) -> Int {
        if let number = numbers[key] { return number }
        let number = free.popLast() ?? parties.count
        if number == parties.count { parties.append(Party()) }
        numbers[key] = number
        return number
    }

    /// Takes the number of `key` back if nothing of it waits or is checked any more.
    mutating func leave(_ key: Key, _ number: Int) {
        guard parties[number].waiting == 0, parties[number].checking == 0 else { return }
        numbers[key] = nil
        parties[number] = Party()
        free.append(number)
    }
}
