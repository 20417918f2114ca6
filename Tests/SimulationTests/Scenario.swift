import Internet
import Policy
import Proxy

/// What one seed lives through: the configuration, the faults and the parts that the peers play.
struct Scenario {
    /// Chances of faults, per mille.
    struct Faults {
        var shortSend = 0
        var shortReceive = 0
        var reset = 0
        var late = 0
        var cancelRaces = 0
        var failedClose = 0
        var noBuffers = 0
        var acceptError = 0
        var acceptEnds = 0
        var makeSocket = 0
        var makePipe = 0
        var spliceAgain = 0
        var shutdown = 0
        var spuriousReturn = 0
        var clockJump = 0
        var bufferAtEnd = 0
        var pass = 0
    }

    /// What comes of a connect.
    enum Reception { case accept, refuse, blackHole, unreachable, reset }
    /// What an upstream does.
    enum Part { case echo, sink, source }
    /// How a peer ends once it has sent all.
    enum Farewell { case fin, finAfterPeer, reset, never }
    /// What the name service says.
    enum Naming { case literal, atOnce, later, fourFirst, notFound, failed, silent }

    /// A client, and the upstream that it asks for.
    ///
    /// An object, since each act of a peer looks at it: a copy would retain all that it holds.
    final class Life {
        let connectsAt: UInt64
        let waitsForAnswer: Bool
        let naming: Naming
        let part: Part
        let chunkMax: Int
        let pace: Int
        let isSlowReader: Bool
        var head: [UInt8] = []
        /// The first bytes behind the head, where they are a ClientHello.
        var hello: [UInt8] = []
        /// Whether the tunnel must be TLS, and whether it may pass.
        var mustBeTLS = false
        var mayPass = true
        var clientTotal = 0
        var clientFarewell = Farewell.fin
        var receptions4: [Reception] = []
        var receptions6: [Reception] = []
        var upstreamTotal = 0
        var upstreamFarewell = Farewell.fin
        /// What a parent proxy answers, if the tunnel goes to one; nothing if it is silent.
        var parentAnswer: [UInt8] = []

        init(_ dice: inout Dice, isBurst: Bool) {
            connectsAt = isBurst ? 0 : UInt64(dice.below(40_000_000))
            waitsForAnswer = dice.chance(600)
            naming = dice.pick([
                .literal, .literal, .atOnce, .later, .later, .fourFirst, .notFound, .failed,
                .silent,
            ])
            part = dice.pick([.echo, .sink, .source])
            chunkMax = dice.pick([1, 50, 2000, 20000])
            pace = dice.pick([1000, 100_000, 3_000_000])
            isSlowReader = dice.chance(200)
        }
    }

    enum Ending { case peersLeave, drain, stop }

    let seed: UInt64
    var dice: Dice
    var faults = Faults()
    var configuration = Configuration()
    var lives: [Life] = []
    var slots: Int
    var shedMax: Int
    var descriptorMax: Int
    /// Whether no timer that ends a relaying tunnel can fire.
    var isCalm: Bool
    var ending: Ending
    /// The turn at which the server drains or stops.
    var directiveTurn: Int
    var window: Int
    /// Who may go where, and that again from `reloadTurn` on; nil if there are no rules.
    var rules: RuleList?
    var laterRules: RuleList?
    var reloadTurn = 0
    /// Chance, per mille, of open tunnels to be moved after a turn.
    var moves = 0

    init(seed: UInt64) {
        self.seed = seed
        var dice = Dice(seed &* 0x2545_f491_4f6c_dd1d &+ 1)
        isCalm = dice.chance(500)
        ending = dice.pick([.peersLeave, .peersLeave, .drain, .stop])
        directiveTurn = dice.pick([20, 100, 400])
        directiveTurn = dice.below(directiveTurn)
        window = dice.pick([64, 1000, 5000, 40000])
        let isTight = dice.chance(300)
        shedMax = dice.within(1...4)
        slots = shedMax + (isTight ? dice.within(1...4) : 16)
        descriptorMax = isTight ? dice.within(4...12) : 64
        self.dice = dice
        if self.dice.chance(800) { rollFaults() }
        rollConfiguration()
        let count = self.dice.within(1...8)
        let isBurst = self.dice.chance(300)
        for index in 0..<count { rollLife(index, isBurst) }
        if self.dice.chance(400) { rollPolicy() }
        moves = self.dice.pick([0, 20, 200, 1000])
    }

    private mutating func rollFaults() {
        func roll(_ dice: inout Dice, _ most: Int) -> Int {
            dice.chance(350) ? dice.below(most) + 1 : 0
        }
        faults.shortSend = roll(&dice, 700)
        faults.shortReceive = roll(&dice, 700)
        faults.reset = roll(&dice, 10)
        faults.late = roll(&dice, 400)
        faults.cancelRaces = roll(&dice, 800)
        faults.failedClose = roll(&dice, 300)
        faults.noBuffers = roll(&dice, 150)
        faults.acceptError = roll(&dice, 300)
        faults.acceptEnds = roll(&dice, 300)
        faults.makeSocket = roll(&dice, 400)
        faults.makePipe = roll(&dice, 700)
        faults.spliceAgain = roll(&dice, 400)
        faults.shutdown = roll(&dice, 200)
        faults.spuriousReturn = roll(&dice, 100)
        faults.clockJump = isCalm ? 0 : roll(&dice, 60)
        faults.bufferAtEnd = roll(&dice, 700)
        faults.pass = roll(&dice, 500)
    }

    private mutating func rollConfiguration() {
        configuration.relay = Configuration.RelayMode.allCases[Int(seed % 4)]
        configuration.bufferSize = dice.pick([16, 64, 512, 4096])
        configuration.buffers = dice.pick([1, 2, 4, 16, 64])
        configuration.pipeSize = dice.pick([100, 4096, 65536])
        configuration.pipes = dice.pick([0, 1, 2, 8])
        configuration.bulkSlice = dice.pick([1, 4096, 65536])
        configuration.promoteAfter = dice.within(1...4)
        configuration.promoteSize = dice.pick([16, 64, 8192])
        configuration.parkAfter = UInt64(dice.pick([1, 20, 1000])) * 1_000_000
        configuration.restAfter = UInt64(dice.pick([1, 20, 1000])) * 1_000_000
        configuration.headBytesMax = 512
        configuration.headLineBytesMax = 400
        configuration.batch = dice.pick([1, 4, 64])
        configuration.idleTimeout = isCalm ? 0 : UInt64(dice.within(1...20)) * 500_000_000
        configuration.halfClosedTimeout = isCalm ? 0 : UInt64(dice.within(1...9)) * 500_000_000
        configuration.maxLifetime = !isCalm && dice.chance(200) ? 3_000_000_000 : 0
        configuration.maxTunnels = dice.chance(100) ? 2 : 0
        configuration.maxTunnelsPerClient = dice.chance(50) ? 2 : 0
        configuration.allowedPorts = [443...443, 8443...8443]
        configuration.tlsPorts = dice.chance(500) ? [443...443] : []
        configuration.tlsServerName = dice.pick([.off, .match])
        configuration.tlsMissingName = dice.pick([.allow, .deny])
        configuration.tlsEncryptedHello = dice.pick([.allow, .deny])
        configuration.tlsHelloTimeout = UInt64(dice.within(1...20)) * 500_000_000
        configuration.listen = [Endpoint(Address(v4: 0x7f00_0001), port: 3128)]
    }

    private mutating func rollLife(_ index: Int, _ isBurst: Bool) {
        let life = Life(&dice, isBurst: isBurst)
        life.clientTotal = rollTotal()
        life.clientFarewell = rollFarewell()
        life.receptions4 = rollReceptions()
        life.receptions6 = rollReceptions()
        life.upstreamTotal = rollTotal()
        life.upstreamFarewell = rollFarewell()
        life.parentAnswer = rollParentAnswer()
        if life.chunkMax == 1 {
            life.clientTotal = min(life.clientTotal, 60)
            life.upstreamTotal = min(life.upstreamTotal, 60)
        }
        if life.part == .sink { life.upstreamTotal = dice.below(3) }
        let port = dice.chance(30) ? 80 : dice.chance(200) ? 8443 : 443
        let host = life.naming == .literal ? "20.0.\(index).0" : "c\(index).test"
        var head = "CONNECT \(host):\(port) HTTP/1.1\r\nHost: \(host):\(port)\r\n\r\n"
        if dice.chance(30) { head = "GET / HTTP/1.1\r\n\r\n" }
        if dice.chance(30) { head = "CONNECT \(host):443 HT" }
        life.head = Array(head.utf8)
        if port == 443, !configuration.tlsPorts.isEmpty {
            rollHello(life, life.naming == .literal ? nil : host)
        }
        if life.naming == .literal { life.receptions4 = [dice.chance(800) ? .accept : .blackHole] }
        lives.append(life)
    }

    private mutating func rollTotal() -> Int {
        dice.below(dice.pick([1, 100, 3000, 3000, 30000, 100_000]))
    }

    private mutating func rollFarewell() -> Farewell {
        dice.pick([.fin, .fin, .fin, .finAfterPeer, .finAfterPeer, .reset, .never])
    }

    private mutating func rollReceptions() -> [Reception] {
        var list: [Reception] = []
        for _ in 0..<dice.below(4) {
            list.append(
                dice.pick([.accept, .accept, .accept, .refuse, .blackHole, .unreachable, .reset])
            )
        }
        return list
    }
}
