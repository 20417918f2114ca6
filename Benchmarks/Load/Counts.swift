/// Counters summed over workers, at one moment.
package struct Counts: Equatable, Sendable {
    package var begun = 0
    package var established = 0
    package var finished = 0
    package var failed = 0
    package var unopened = 0
    package var arrivals = 0
    package var messages = 0
    package var bytes = 0
    package var sentWell = 0
    package var receivedWell = 0
    package var alive = 0
    package var enters = 0

    init() {}

    init(_ all: [Counters]) {
        for one in all {
            begun += one.begun.read()
            established += one.established.read()
            finished += one.finished.read()
            failed += one.failed.read()
            unopened += one.unopened.read()
            arrivals += one.arrivals.read()
            messages += one.messages.read()
            bytes += one.bytes.read()
            sentWell += one.sentWell.read()
            receivedWell += one.receivedWell.read()
            alive += one.alive.read()
            enters += one.enters.read()
        }
    }
}
