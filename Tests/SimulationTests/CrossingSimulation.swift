import Client
import Kernel
import Proxy
import Synchronization

/// Lives one seed of both ends of the tunnel without CONNECT, from the first program to the last
/// descriptor.
struct CrossingSimulation: ~Copyable {
    private let world: CrossingWorld
    private var client: TurnedClient<CrossingKernel, NoNames>
    private var server: TurnedWorker<CrossingKernel, NoNames>
    private var hasBegun = false
    private static var limit: UInt64 { 3600 * CrossingScenario.second }

    /// Numbers that follow from a seed.
    private final class Numbers: Sendable {
        private let dice: Mutex<Dice>

        init(_ seed: UInt64) { dice = Mutex(Dice(seed)) }

        func next() -> UInt64 { dice.withLock { $0.next() } }
    }

    init(seed: UInt64) throws {
        let scenario = CrossingScenario(seed: seed)
        let world = try CrossingWorld(scenario)
        let numbers = Numbers(seed)
        let client = try TurnedClient(
            scenario.settings,
            queue: CrossingKernel(world: world, node: CrossingWorld.client),
            names: NoNames(),
            listeners: [CrossingWorld.listener(CrossingWorld.client)],
            random: { numbers.next() },
            notify: { _ in }
        )
        let server = try TurnedWorker(
            scenario.configuration,
            rules: nil,
            queue: CrossingKernel(world: world, node: CrossingWorld.server),
            names: NoNames(),
            listeners: [CrossingWorld.listener(CrossingWorld.server)],
            slots: 64,
            shedMax: 4,
            descriptorMax: 400
        )
        self.world = world
        self.client = client
        self.server = server
    }

    /// What an invariant says that was broken by `seed`; nil if all held.
    static func failure(of seed: UInt64) -> String? {
        do {
            var simulation = try CrossingSimulation(seed: seed)
            simulation.run()
            return simulation.world.failure.map { "\($0); \(simulation.world.scenario)" }
        } catch {
            return "\(error)"
        }
    }

    private mutating func run() {
        let drains = world.dice.chance(500)
        if drains {
            live("no program is answered") { world, _, _ in world.areProgramsAnswered }
            client.obey(drains: true)
        }
        live("streams hang") { world, _, _ in world.arePeersOver }
        world.checkLives()
        world.isCalm = true
        if !drains { client.obey(drains: false) }
        live("the client does not end") { _, client, _ in client.isDone }
        server.obey(.drain)
        world.endFerries()
        let last = world.clock + 5 * CrossingScenario.second
        live("the server does not end", until: last) { _, _, server in server.isDone }
        if !server.isDone { server.obey(.finish) }
        live("the server does not end") { _, _, server in server.isDone }
        checkEmpty()
    }

    /// Turns both while the world moves on, until `isOver`, or the time is.
    private mutating func live(
        _ complaint: String,
        until end: UInt64? = nil,
        _ isOver: (
            CrossingWorld, borrowing TurnedClient<CrossingKernel, NoNames>,
            borrowing TurnedWorker<CrossingKernel, NoNames>
        ) -> Bool
    ) {
        let limit = end ?? world.clock + Self.limit
        while world.failure == nil, !isOver(world, client, server) {
            world.act()
            if turn() { continue }
            guard world.advance(until: limit) else {
                if end == nil { world.fail("\(complaint): \(status())") }
                return
            }
        }
    }

    /// Turns those that have something to do; whether there was one.
    private mutating func turn() -> Bool {
        var hasTurned = false
        let first = world.dice.below(2)
        for node in [first, 1 - first] where !world.isAsleep(node) && world.failure == nil {
            world.collect(node)
            guard world.isDue(node) else { continue }
            hasTurned = true
            if node == CrossingWorld.client {
                guard !client.isDone else {
                    world.nodes[node].isDirty = false
                    world.nodes[node].deadline = nil
                    world.nodes[node].arrived = []
                    continue
                }
                client.turn()
                if !hasBegun, client.levels().hasSession {
                    hasBegun = true
                    world.isCalm = false
                }
            } else {
                server.turn()
            }
            check(node)
        }
        return hasTurned
    }

    private mutating func status() -> String {
        let open = world.peers.filter { !$0.isOver }.map { "\($0)" }
        return "\(client.levels()) \(server.levels()) \(open)"
    }

    // MARK: Invariants

    private mutating func check(_ node: Int) {
        var held = 0
        for submission in world.nodes[node].submissions {
            let isAlive =
                node == CrossingWorld.client
                ? client.isAlive(submission.token) : server.isAlive(submission.token)
            guard let isAlive else { continue }
            held += 1
            if !isAlive { world.fail("a submission of node \(node) for a free slot") }
        }
        // What has arrived is still counted by whoever gets it.
        held += world.nodes[node].arrived.count { completion in
            guard !completion.hasMore else { return false }
            return node == CrossingWorld.client
                ? client.isAlive(completion.token) != nil
                : server.isAlive(completion.token) != nil
        }
        let counted =
            node == CrossingWorld.client ? client.levels().inFlight : server.levels().inFlight
        if held != counted { world.fail("node \(node): \(held) are held, \(counted) counted") }
        guard node == CrossingWorld.server else { return }
        let levels = server.levels()
        if levels.violations > 0 { world.fail("the client broke the format") }
        if levels.lateCompletions > 0 { world.fail("a completion came after a slot was freed") }
        let open = world.openPlugs(of: node)
        let waiting = world.nodes[node].backlog.count
        let coming = world.nodes[node].arrived.count { $0.hasMore && $0.result >= 1_000_000 }
        if levels.descriptors != open - waiting - coming {
            world.fail("\(open) plugs are open, \(levels.descriptors) counted")
        }
    }

    private mutating func checkEmpty() {
        guard world.failure == nil else { return }
        for node in world.nodes.indices where world.openPlugs(of: node) > 0 {
            world.fail("node \(node) leaves connections open")
        }
        let levels = server.levels()
        let left = levels.tunnels + levels.carriers + levels.sessions + levels.buffersOut
        if left + levels.inFlight > 0 { world.fail("something is left at the server: \(levels)") }
        if client.levels().blocksOut > 0 { world.fail("the client has lost blocks") }
    }
}
