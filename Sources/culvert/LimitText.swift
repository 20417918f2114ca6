internal import Policy
internal import Proxy

/// The limits of a rule in a few words each.
enum LimitText {
    static func words(for limits: RuleLimits) -> [String] {
        words(for: limits.all)
            + words(for: limits.perUser).map { "\($0) per user" }
            + (limits.bytes > 0 ? ["\(size(limits.bytes)) each"] : [])
            + (limits.lifetime > 0 ? ["\(show(limits.lifetime)) each"] : [])
    }

    private static func words(for limits: SharedLimits) -> [String] {
        let values: [(UInt64, String)] = [
            (UInt64(limits.tunnels), "\(limits.tunnels) tunnels"),
            (UInt64(limits.newPerSecond), "\(limits.newPerSecond) new/s"),
            (limits.upPerSecond, "up \(size(limits.upPerSecond))/s"),
            (limits.downPerSecond, "down \(size(limits.downPerSecond))/s"),
        ]
        return values.filter { $0.0 > 0 }.map(\.1)
    }

    private static func size(_ bytes: UInt64) -> String { show(bytes: Int(clamping: bytes)) }
}
