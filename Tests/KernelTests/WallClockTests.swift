import Kernel
import Testing

@Suite struct WallClockTests {
    @Test(arguments: [
        (Int64(0), [UInt32]([1970, 1, 1, 0, 0, 0])),
        (Int64(951_782_399), [UInt32]([2000, 2, 28, 23, 59, 59])),
        (Int64(951_782_400), [UInt32]([2000, 2, 29, 0, 0, 0])),
        (Int64(1_709_164_800), [UInt32]([2024, 2, 29, 0, 0, 0])),
        (Int64(4_102_444_800), [UInt32]([2100, 1, 1, 0, 0, 0])),
    ])
    func `seconds since the epoch are a date in UTC`(_ seconds: Int64, _ parts: [UInt32]) {
        let time = WallTime(seconds: seconds, microsecond: 7)
        let actual = [time.year, time.month, time.day, time.hour, time.minute, time.second]
        #expect(actual == parts)
        #expect(time.microsecond == 7)
    }
}
