import Testing

/// What a faulty proxy does wrong.
enum Fault: Equatable, Sendable, CustomTestStringConvertible {
    /// Which way the bytes go that suffer.
    enum Way: String, Sendable { case up, down }

    case none
    // With the stream, at a byte that is counted from zero; the order is in front of what goes up.
    case drops(Way, Int)
    case repeats(Way, Int)
    case changes(Way, Int)
    case ends(Way, Int)
    case breaks(Way, Int)
    case stalls(Way, Int)
    /// Goes on after so many milliseconds; no fault, but slow.
    case pauses(Way, Int, milliseconds: UInt32)
    // With its end.
    case keepsEnd(Way)
    case adds(Way)
    /// Keeps the last byte back, and passes on the end.
    case truncates(Way)
    case endsBoth(Way)
    /// Keeps the last bytes back, and passes them on one by one when the end has come; no fault,
    /// but slow.
    case trickles(Way)
    // With the request.
    case forgetsEarlyBytes
    case misdirects
    case refuses
    case babbles
    case saysNothing
    case hangsUp
    case consentsThenFails
    case consentsThenStalls
    /// Opens no tunnel without these credentials; no fault, but strict.
    case demands(String)
    /// Answers after so many milliseconds; no fault, but slow.
    case dallies(milliseconds: UInt32)

    /// Milliseconds between two bytes that trickle.
    static let trickle: UInt32 = 100

    /// Bytes that are kept back on `way` until there are more.
    func keptCount(_ way: Way) -> Int {
        switch self {
        case .truncates(way): 1
        case .trickles(way): 12
        default: 0
        }
    }

    var testDescription: String { "\(self)" }

    /// What becomes of `bytes`, the first of which is at `position` of its way; nil if nothing more
    /// is to be done with them.
    func apply(to bytes: [UInt8], at position: Int, _ way: Way) -> [UInt8] {
        func index(_ own: Way, _ place: Int) -> Int? {
            own == way && (position..<position + bytes.count).contains(place)
                ? place - position : nil
        }
        var result = bytes
        switch self {
        case .drops(let own, let place):
            if let index = index(own, place) { result.remove(at: index) }
        case .repeats(let own, let place):
            if let index = index(own, place) { result.insert(bytes[index], at: index) }
        case .changes(let own, let place):
            if let index = index(own, place) { result[index] ^= 1 }
        case .ends(let own, let place), .breaks(let own, let place), .stalls(let own, let place):
            if let index = index(own, place) { result = Array(bytes[..<index]) }
        default: break
        }
        return result
    }
}
