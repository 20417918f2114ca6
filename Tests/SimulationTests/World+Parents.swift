import Kernel

/// Parent proxies: upstreams that are asked for a tunnel first.
extension World {
    /// Where they listen.
    static let parentPort: UInt16 = 8080

    /// The parent `sink` has got `count` bytes of a request; once that is whole, it will answer.
    func hear(_ memory: Extent, _ count: Int, as sink: Int) {
        for offset in 0..<count { requests[sink, default: []].append(memory[offset]) }
        peers[sink].requestCount += count
        let request = String(decoding: requests[sink] ?? [], as: UTF8.self)
        let isBegun = zip(request, "CONNECT ").allSatisfy { $0 == $1 }
        let end = request.firstRange(of: "\r\n\r\n")
        if !isBegun || end != nil && end?.upperBound != request.endIndex {
            fail("a parent is sent something else than a request: \(request.debugDescription)")
        }
        guard end != nil else { return }
        if !request.contains("\r\nVia: 1.1 culvert-") { fail("a parent isn't told who asks") }
        let answer = scenario.lives[peers[sink].life].parentAnswer
        peers[sink].frontCount = answer.count
        peers[sink].total += answer.count
        peers[sink].actsAt = min(peers[sink].actsAt, clock + delay())
    }
}
