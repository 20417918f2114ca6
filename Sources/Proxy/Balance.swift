internal import Kernel

/// Spreads clients over the workers, and brings requests to the worker that has their session.
///
/// The kernel deals them out by where their packets are handled (see `Steering`) or by a hash,
/// blind to what each worker has. So a worker that has clearly more tunnels than another passes a
/// client that it has accepted on to that one. It looks at two others in turn, which is nearly as
/// good as looking at all; at all only if it is full itself. Open tunnels that turn out to be busy
/// move from one to another (`Worker+Moving.swift`).
final class Balance: Sendable {
    /// What is known of one worker, on a cache line of its own: its tunnels; how many clients are
    /// on their way to it, with a bit once it takes no more, and one once it has left; its tunnels
    /// of late, on average; when it said so, in milliseconds; how much CPU it wants, in permille;
    /// whether its descriptors have run out; and how many of its tunnels are busy.
    private let cells: AtomicCounts
    private static var stride: Int { 16 }
    private static var closed: UInt32 { 1 << 31 }
    private static var left: UInt32 { 1 << 30 }
    /// Milliseconds after which a worker that hasn't told of itself has nothing to do.
    private static var sleepMin: UInt32 { 1000 }

    private let channels: [DescriptorChannel]
    /// The worker that is pinned to each CPU, if one is alone there.
    private let workers: [Int: Int]
    /// Tunnels that a worker has room for.
    private let room: Int
    /// Whether clients are spread; requests are brought to their sessions in any case.
    let spreads: Bool

    /// Tunnels that may be on their way to a worker at once, which has set slots aside for them.
    let arrivalMax: Int

    /// For workers that take what others pass on from `channels`, with room for `room` tunnels
    /// each, and for `arrivalMax` more that move there.
    ///
    /// Each is pinned to one of `cpus`, or isn't.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(
        _ channels: [DescriptorChannel],
        cpus: [Int?] = [],
        room: Int,
        arrivalMax: Int,
        spreads: Bool
    ) throws(SystemError) {
        cells = try AtomicCounts(count: channels.count * Balance.stride)
        self.channels = channels
        var workers: [Int: Int] = [:]
        for (worker, cpu) in cpus.enumerated() {
            guard let cpu else { continue }
            workers[cpu] = workers[cpu] == nil ? worker : -1
        }
        self.workers = workers.filter { $0.value >= 0 }
        self.room = room
        self.arrivalMax = arrivalMax
        self.spreads = spreads
    }

    /// How many workers there are.
    var workerCount: Int { channels.count }

    /// The descriptors that worker `index` needs in its table.
    func descriptors(of index: Int) -> [Int32] {
        channels.indices.map { $0 == index ? channels[$0].exit : channels[$0].entry }
    }

    /// Where worker `index` takes clients from.
    func exit(of index: Int) -> Int32 { channels[index].exit }

    /// Where clients are passed to worker `index`.
    func entry(of index: Int) -> Int32 { channels[index].entry }

    /// Worker `index` has `tunnels` tunnels, of late `mean` on average, and descriptors or not.
    func publish(
        _ index: Int,
        tunnels: Int,
        mean: Double,
        hasDescriptor: Bool,
        _ now: Instant
    ) {
        let cell = index * Balance.stride
        cells.set(cell + 5, hasDescriptor ? 0 : 1)
        cells.set(cell, UInt32(clamping: tunnels))
        cells.set(cell + 2, UInt32(mean.rounded()))
        cells.set(cell + 3, Balance.milliseconds(now))
    }

    /// Worker `index` has `work` to do.
    func publish(_ index: Int, _ work: Effort.Work) {
        cells.set(index * Balance.stride + 4, UInt32(clamping: work.share))
        cells.set(index * Balance.stride + 6, UInt32(clamping: work.busy))
    }

    /// The worker that is alone on `cpu`; nil if none is.
    func worker(on cpu: Int) -> Int? { workers[cpu] }

    /// What worker `index` has to do; nil if it has no room for tunnels that move.
    func work(of index: Int, _ now: Instant) -> Effort.Work? {
        guard let load = load(index, now), hasRoom(index, load.tunnels) else { return nil }
        // One that sleeps doesn't tell how its work gets less; one that waits for its CPU, neither.
        guard Balance.isAge(load.age, within: Balance.sleepMin) else {
            return Effort.Work(share: 0, busy: 0, tunnels: load.tunnels)
        }
        let cell = index * Balance.stride
        return Effort.Work(
            share: Int(cells.read(cell + 4)),
            busy: Int(cells.read(cell + 6)) + load.coming,
            tunnels: load.tunnels
        )
    }

    /// Whether worker `index` with `tunnels` tunnels has room for more that move there.
    private func hasRoom(_ index: Int, _ tunnels: Int) -> Bool {
        tunnels <= room - arrivalMax && cells.read(index * Balance.stride + 5) == 0
    }

    /// Tells of each worker that has room, besides worker `index`, what it has to do.
    func visitOthers(besides index: Int, _ now: Instant, _ visit: (Effort.Other) -> Void) {
        // Each begins with another one, so that not all choose the same.
        for step in 1..<channels.count {
            let worker = (index + step) % channels.count
            if let work = work(of: worker, now) { visit(Effort.Other(worker, work)) }
        }
    }

    /// The worker to which worker `index` with `tunnels` tunnels should pass a client on, if there
    /// is one; `turn` says whom it has looked at last.
    func target(
        from index: Int,
        tunnels: Int,
        _ occupancy: Occupancy,
        _ now: Instant,
        turn: inout Int
    ) -> Int? {
        guard spreads else { return nil }
        let isFull = tunnels >= room
        var best: (worker: Int, load: Int)?
        for _ in 0..<min(isFull ? .max : 2, channels.count - 1) {
            turn = (turn + 1) % channels.count
            if turn == index { turn = (turn + 1) % channels.count }
            guard let load = load(turn, now), load.tunnels < room,
                isFull || occupancy.isAhead(with: tunnels, of: load.tunnels, load.mean),
                load.tunnels < best?.load ?? .max
            else { continue }
            best = (turn, load.tunnels)
        }
        return best?.worker
    }

    /// The tunnels that worker `index` has or will have, and had of late, those that are coming,
    /// and how many milliseconds ago it told so; nil if it takes no more.
    private func load(
        _ index: Int,
        _ now: Instant
    ) -> (tunnels: Int, mean: Int, coming: Int, age: UInt32)? {
        let cell = index * Balance.stride
        let coming = cells.read(cell + 1)
        guard coming & Balance.closed == 0 else { return nil }
        let tunnels = Int(cells.read(cell)) + Int(coming)
        // A worker that sleeps doesn't tell how its mean goes down.
        let age = Balance.milliseconds(now) &- cells.read(cell + 3)
        let isRecent = Balance.isAge(age, within: UInt32(Occupancy.span / 1_000_000))
        let mean = isRecent ? Int(cells.read(cell + 2)) + Int(coming) : tunnels
        return (tunnels, mean, Int(coming), age)
    }

    /// Whether so many milliseconds are less than `span`; of a worker that has woken since they may
    /// be less than none.
    private static func isAge(_ age: UInt32, within span: UInt32) -> Bool { age &+ span < 2 * span }

    private static func milliseconds(_ now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000)
    }

    /// A client is about to be passed on to worker `index`; false if that takes no more.
    func depart(to index: Int) -> Bool { depart(to: index, unless: Balance.closed) }

    /// A request is about to be brought to worker `index`, which takes it even if it takes no
    /// clients; false if it has left, and its sessions with it.
    func departToSession(at index: Int) -> Bool { depart(to: index, unless: Balance.left) }

    /// A tunnel is about to move to worker `index`; false if that takes no more, or might have no
    /// slot for it.
    func departForGood(to index: Int) -> Bool {
        let comingMax = UInt32(arrivalMax)
        guard depart(to: index, unless: Balance.closed, comingMax) else { return false }
        // What has arrived is published before it counts no longer as coming.
        if hasRoom(index, Int(cells.read(index * Balance.stride))) { return true }
        arrive(at: index)
        return false
    }

    private func depart(
        to index: Int,
        unless bit: UInt32,
        _ comingMax: UInt32 = .max
    ) -> Bool {
        let cell = index * Balance.stride + 1
        while true {
            let coming = cells.read(cell)
            guard coming & bit == 0, coming < comingMax else { return false }
            if cells.exchange(cell, coming, for: coming + 1) { return true }
        }
    }

    /// Worker `index` leaves, unless something is on its way to it: whether it has left.
    func leave(_ index: Int) -> Bool {
        let cell = index * Balance.stride + 1
        let coming = cells.read(cell)
        guard coming & ~Balance.closed == 0 else { return false }
        return cells.exchange(cell, coming, for: coming | Balance.left)
    }

    /// Whether worker `index` has left.
    func hasLeft(_ index: Int) -> Bool {
        cells.read(index * Balance.stride + 1) & Balance.left != 0
    }

    /// A client has come to worker `index`, or could not be passed on to it.
    func arrive(at index: Int) {
        cells.decrement(index * Balance.stride + 1)
    }

    /// Worker `index` takes no more than those that are on their way.
    func close(_ index: Int) {
        let cell = index * Balance.stride + 1
        while true {
            let coming = cells.read(cell)
            if cells.exchange(cell, coming, for: coming | Balance.closed) { return }
        }
    }

    /// Whether clients are on their way to worker `index`.
    func areComing(to index: Int) -> Bool {
        cells.read(index * Balance.stride + 1) & ~Balance.closed != 0
    }
}
