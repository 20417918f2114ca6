import Kernel
import Proxy

/// Lives one seed from the first client to the last descriptor.
struct Simulation: ~Copyable {
    private let world: World
    private var probe: TurnedWorker<SimulatedKernel, SimulatedNames>
    private var turns = 0
    private var moves = 0
    private static var turnsMax: Int { 60_000 }
    private static var movesMax: Int { 200 }

    init(seed: UInt64, canary: Canary) throws {
        let scenario = Scenario(seed: seed)
        let world = try World(scenario, canary: canary)
        let listener = world.open(.listener, 0)
        let probe = try TurnedWorker(
            scenario.configuration,
            rules: scenario.rules,
            queue: SimulatedKernel(world: world),
            names: SimulatedNames(world: world),
            listeners: [listener],
            slots: scenario.slots,
            shedMax: scenario.shedMax,
            descriptorMax: scenario.descriptorMax,
            channel: DescriptorChannel(entry: -1, exit: -1)
        )
        self.world = world
        self.probe = probe
    }

    /// What an invariant says that was broken by `seed`; nil if all held.
    static func failure(of seed: UInt64, canary: Canary = .none) -> String? {
        do {
            var simulation = try Simulation(seed: seed, canary: canary)
            simulation.run()
            return simulation.world.failure
        } catch {
            return "\(error)"
        }
    }

    /// How often a tunnel moves in the life of `seed`.
    static func moves(of seed: UInt64) throws -> UInt64 {
        var simulation = try Simulation(seed: seed, canary: .none)
        simulation.run()
        return simulation.probe.levels().movedHere
    }

    private mutating func run() {
        let ending = world.scenario.ending
        turn { world in
            world.isIdle
                || world.connected == world.lives.count
                    && world.clock > world.began + 60_000_000_000
        }
        if world.failure != nil { return }
        switch ending {
        case .peersLeave:
            world.endAll()
            turn(until: { $0.tunnels == 0 })
            checkEmpty()
            world.checkLives()
            probe.obey(.stop)
        case .drain:
            probe.obey(.drain)
            for _ in 0..<20 where !probe.isDone { oneTurn() }
            if world.dice.chance(500) { world.endAll() }
            for _ in 0..<200 where !probe.isDone { oneTurn() }
            if !probe.isDone { probe.obey(.finish) }
        case .stop: probe.obey(.stop)
        }
        turn(until: { _ in false })
        // What was decided last is published with one more turn.
        oneTurn()
        checkEmpty()
        if world.openListeners > 0 { world.fail("a listener was lost") }
    }

    /// Turns while the peers act, up to where the server is told to end if it is.
    private mutating func turn(while isOver: (World) -> Bool) {
        let last = world.scenario.ending == .peersLeave ? 4000 : world.scenario.directiveTurn
        for turn in 0..<last where !isOver(world) && world.failure == nil {
            if turn == world.scenario.reloadTurn, let rules = world.scenario.laterRules {
                probe.adopt(rules)
            }
            oneTurn()
        }
    }

    private mutating func turn(
        until isOver: (TurnedWorker<SimulatedKernel, SimulatedNames>.Levels) -> Bool
    ) {
        while !probe.isDone,
            !isOver(probe.levels()) || !world.backlog.isEmpty || !world.passed.isEmpty
        {
            oneTurn()
            guard world.failure == nil else { return }
            turns += 1
            if turns > Simulation.turnsMax || world.isIdle && turns > 100 {
                return world.fail("a life does not end")
            }
        }
    }

    private mutating func oneTurn() {
        guard world.failure == nil else { return }
        probe.turn()
        check()
        move()
    }

    /// Tunnels are passed on, sooner or later, and arrive, sooner or later.
    private mutating func move() {
        let world = world
        // Whoever always moves gets nowhere.
        if moves < Simulation.movesMax, world.dice.chance(world.scenario.moves) {
            moves += 1
            probe.move { world.dice.chance(500) }
            world.isIdle = false
            check()
        }
        if world.dice.chance(world.scenario.moves) {
            probe.giveUpMoving { world.dice.chance(500) }
            check()
        }
        guard !world.passed.isEmpty, world.isIdle || world.dice.chance(500) else { return }
        probe.takePassed()
        world.isIdle = false
        check()
    }

    // MARK: Invariants

    private mutating func check() {
        let levels = probe.levels()
        var held = 0
        for submission in world.submissions {
            guard let isAlive = probe.isAlive(submission.token) else { continue }
            held += 1
            if !isAlive { world.fail("a submission for a free slot") }
        }
        if held != levels.inFlight {
            world.fail("\(held) submissions are held, \(levels.inFlight) counted")
        }
        if levels.lateCompletions > 0 { world.fail("a completion came after a slot was freed") }
        if levels.descriptors != world.openSockets {
            world.fail("\(world.openSockets) sockets are open, \(levels.descriptors) counted")
        }
        if levels.pipesOpen != world.openPipes {
            world.fail("\(world.openPipes) pipes are open, \(levels.pipesOpen) counted")
        }
        if levels.metered != levels.counted {
            world.fail("\(levels.metered) tunnels have a meter, \(levels.counted) are counted")
        }
        let out = world.isProvided.count - world.provided.count
        if levels.buffersOut + levels.buffersIdle != out {
            world.fail("\(out) buffers aren't provided, but \(levels)")
        }
        if UInt64(world.accepted) != levels.accepted + levels.shed {
            world.fail("\(world.accepted) clients were accepted, \(levels.accepted) counted")
        }
        let refusable = world.scenario.lives.count { !$0.mayPass }
        if levels.tlsRefused > refusable, !world.isEnding {
            world.fail("\(levels.tlsRefused) tunnels were no TLS, but \(refusable) could be")
        }
        let begun = levels.accepted + levels.movedHere
        if begun - levels.ended - levels.movedAway != UInt64(levels.tunnels) {
            world.fail("\(begun) begun, \(levels.ended) ended, \(levels.tunnels) live")
        }
    }

    private mutating func checkEmpty() {
        let levels = probe.levels()
        let rest = levels.tunnels + levels.openings + levels.descriptors + levels.buffersOut
        if rest + levels.pipesOut + levels.inFlight + world.openSockets > 0 {
            world.fail("something is left at the end: \(levels)")
        }
        if levels.movedAway != levels.movedHere { world.fail("a tunnel was lost on its way") }
        if levels.accepted != levels.ended { world.fail("not every life was told to have ended") }
        if !world.lookUps.isEmpty { world.fail("a look-up was not released") }
    }
}
