/// Which way the streams of a bulk run go.
package enum Direction: String, CaseIterable, Sendable {
    case up, down, both

    var hasUp: Bool { self != .down }
    var hasDown: Bool { self != .up }
}
