import Glibc

/// Waiting for a descriptor, as poll(2) does.
enum Readiness {
    /// Whether `events` come to `descriptor` within so many milliseconds.
    static func comes(_ descriptor: Int32, _ events: Int32, within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
