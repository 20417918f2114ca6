import Histogram
import Load
import Testing

@Suite struct TallyTests {
    @Test(arguments: [1, 600, 601, 86_400, 30 * 86_400] as [UInt64])
    func `a time counts in full, however long it is`(seconds: UInt64) {
        let time = seconds * Bench.second
        var tally = Tally()
        tally.addSetup(time, nil)
        tally.addTrip(time, nil)
        tally.addLife(time, nil)
        tally.addLateness(time)
        tally.addBesideTrip(time)
        tally.add(.silent, "closed", after: time)
        var sum = Tally()
        sum.add(tally)
        sum.add(tally)
        let all: [Histogram<UInt64>?] = [
            sum.setup, sum.trip, sum.life, sum.lateness, sum.besideTrip,
            sum.hostile[.silent]?.life,
        ]
        for times in all {
            #expect(times?.maxRecorded == time)
            #expect(times?.totalCount == 2)
        }
    }
}
