import Client
import Internet
import Proxy

/// What one seed of both ends lives through: the network between them, and the programs.
struct CrossingScenario: CustomStringConvertible {
    /// Chances of what may happen to requests, answers and connections, per mille.
    struct Weather {
        /// A connection breaks as bytes are written.
        var broken = 0
        var refused = 0
        var lost = 0
        var cutRequest = 0
        var lostAnswer = 0
        var cutAnswer = 0
        var repeated = 0
        var swapped = 0
        /// An answer of the proxy's own.
        var own = 0
        var silent = 0
        /// Nanoseconds by which bytes are late, at most.
        var delay = 1
        /// Answers are passed on whole.
        var buffers = false
        /// Nanoseconds that an answer may take.
        var timeLimit: UInt64?
        /// Bytes that a connection carries in a second each way; nil if nothing slows it.
        var rate: UInt64?
        var short = 0
        /// A send finds no room.
        var full = 0
        var late = 0
    }

    /// How a program or a server ends once it has sent all.
    enum Farewell { case fin, finAfterPeer, reset }
    enum Reception { case accept, refuse, unreachable }

    /// A program with a stream, and where it leads.
    struct Life {
        let startsAt: UInt64
        let reception: Reception
        /// Bytes that the program sends, and the server.
        let totals: [Int]
        let farewells: [Farewell]
        let chunkMax: Int
        let pace: UInt64
        /// Whether the head and what follows come at once.
        let isEager: Bool

        init(_ dice: inout Dice) {
            startsAt = UInt64(dice.below(3_000_000)) * 1000
            reception = dice.chance(900) ? .accept : dice.pick([.refuse, .unreachable])
            let most = dice.pick([1, 100, 5000, 60_000, 200_000])
            totals = [dice.below(most), dice.below(most)]
            let isReset = dice.chance(100)
            let first: Farewell = isReset ? .reset : dice.pick([.fin, .fin, .finAfterPeer])
            farewells = dice.chance(500) ? [first, .fin] : [.fin, first]
            chunkMax = dice.pick([700, 5000, 60_000])
            pace = UInt64(dice.pick([1000, 100_000, 20_000_000]))
            isEager = dice.chance(500)
        }

        /// Whether somebody breaks it off.
        var isReset: Bool { farewells.contains(.reset) }
    }

    static let second: UInt64 = 1_000_000_000
    static let server = Endpoint(Address(v4: 0x0a00_0001), port: 80)
    static let ferry = Endpoint(Address(v4: 0x0a00_0002), port: 80)
    static let local = Endpoint(Address(v4: 0x7f00_0001), port: 3128)

    let seed: UInt64
    var dice: Dice
    var weather = Weather()
    var lives: [Life] = []
    /// Whether a proxy stands between the two, or nothing.
    let hasFerry: Bool
    /// When the client's machine sleeps, and for how long; whether that is past the grace time.
    var sleepsAt: UInt64?
    var sleep: UInt64 = 0
    var configuration = Configuration()
    var settings: ClientConfiguration

    init(seed: UInt64) {
        self.seed = seed
        var dice = Dice(seed &* 0x9fb2_1c65_1e98_df25 &+ 1)
        hasFerry = dice.chance(700)
        let place = hasFerry ? Self.ferry : Self.server
        guard let location = try? ServerLocation("http://\(place)/t") else {
            preconditionFailure("a location can't be read")
        }
        settings = ClientConfiguration(location)
        self.dice = dice
        if self.dice.chance(850) { rollWeather() }
        rollConfiguration()
        for _ in 0..<self.dice.within(1...10) { lives.append(Life(&self.dice)) }
        if self.dice.chance(150) {
            // Not at once: a client that finds no server at its start ends.
            sleepsAt = UInt64(self.dice.within(100...4000)) * 1_000_000
            sleep = UInt64(self.dice.pick([7, 60, 100, 300])) * Self.second
        }
    }

    var description: String {
        "\(lives.count) lives, \(hasFerry ? "a proxy" : "no proxy"), sleeps at "
            + "\(sleepsAt.map { "\($0)" } ?? "no time") for \(sleep), \(weather)"
    }

    /// Whether the server forgets the session while the client sleeps.
    var losesSession: Bool { sleepsAt != nil && sleep >= configuration.sessionGrace }

    private mutating func rollWeather() {
        func roll(_ dice: inout Dice, _ most: Int) -> Int {
            dice.chance(400) ? dice.below(most) + 1 : 0
        }
        weather.broken = roll(&dice, 20)
        weather.refused = roll(&dice, 100)
        weather.lost = roll(&dice, 100)
        weather.cutRequest = roll(&dice, 100)
        weather.lostAnswer = roll(&dice, 100)
        weather.cutAnswer = roll(&dice, 200)
        weather.repeated = roll(&dice, 200)
        weather.swapped = roll(&dice, 50)
        weather.own = roll(&dice, 50)
        weather.silent = dice.chance(100) ? 5 : 0
        weather.delay = dice.pick([1000, 1_000_000, 50_000_000, 300_000_000])
        weather.buffers = dice.chance(300)
        weather.timeLimit = dice.chance(300) ? UInt64(dice.within(1...12)) * 500_000_000 : nil
        weather.short = roll(&dice, 600)
        weather.full = roll(&dice, 200)
        weather.late = roll(&dice, 200)
        guard dice.chance(100) else { return }
        weather.rate = dice.pick([4000, 20_000, 200_000])
        // Less would let nothing pass.
        weather.timeLimit = weather.timeLimit.map { $0 + 20 * Self.second }
    }

    private mutating func rollConfiguration() {
        configuration.methodTunnel = "/t"
        configuration.bufferSize = dice.pick([512, 4096, 16384])
        configuration.buffers = dice.pick([2, 16, 64])
        configuration.promoteAfter = dice.within(1...4)
        configuration.promoteSize = dice.pick([64, 8192])
        configuration.parkAfter = UInt64(dice.pick([1, 20, 1000])) * 1_000_000
        configuration.restAfter = UInt64(dice.pick([1, 20, 1000])) * 1_000_000
        configuration.idleTimeout = 0
        configuration.halfClosedTimeout = 0
        configuration.allowedPorts = [443...443]
        configuration.tlsPorts = []
        configuration.sessionsMax = 4
        configuration.listen = [Self.server]
        settings.general.listen = [Self.local]
        settings.streamsMax = 32
        settings.streamWindow = UInt32(dice.pick([4096, 20_000, 65536]))
        settings.sessionWindow = UInt32(dice.pick([65536, 1 << 20]))
        settings.laneCapacity = UInt32(dice.pick([32768, 1 << 18]))
    }
}
