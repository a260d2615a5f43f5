import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct GossipTests {
    /// What goes wrong while 24 nodes post.
    struct Trouble: CustomTestStringConvertible, Sendable {
        var name: String
        var faults: [PlannedFault]
        /// Events a second.
        var rate = 20

        var testDescription: String { name }

        static func loss(_ part: Double) -> Trouble {
            let link = LinkModel(isConstant: true, loss: part)
            return Trouble(
                name: "loss \(part)", faults: [PlannedFault(.network(link), lasts: .seconds(10))])
        }

        static func crash(_ part: Int) -> Trouble {
            Trouble(
                name: "crash \(part)", faults: [PlannedFault(.crash(.kept), portion: .part(part))])
        }

        static func partition(_ seconds: Int64) -> Trouble {
            let fault = PlannedFault(
                .partition, lasts: .seconds(seconds), portion: .part(500))
            // Few events make a long partition no less of one.
            return Trouble(
                name: "partition \(seconds)", faults: [fault], rate: seconds < 100 ? 20 : 4)
        }

        static func churn(_ part: Int) -> Trouble {
            let fault = PlannedFault(
                .crash(.kept), lasts: .seconds(20), portion: .part(part), until: .seconds(60),
                isPerMinute: true)
            return Trouble(name: "churn \(part)", faults: [fault])
        }
    }

    private static func plan(_ trouble: Trouble? = nil) -> ScenarioPlan {
        var plan = ScenarioPlan(name: "test")
        plan.faults = trouble?.faults ?? []
        plan.workload.rate = trouble?.rate ?? plan.workload.rate
        plan.criteria.within = .seconds(15)
        return plan
    }

    private static func run(
        _ plan: ScenarioPlan, nodes: Int = 24, events: Int = 120, seed: UInt64 = 1,
        method: SpreadMethod = .gossip
    ) throws -> ScenarioResult {
        var run = try ScenarioRun(
            plan,
            ScenarioRun.Options(nodes: nodes, events: events, seed: seed, method: method))
        return run.run()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func inCalmEveryEventComesOnce(_ seed: UInt64) throws {
        let result = try Self.run(Self.plan(), seed: seed)
        let report = result.figures
        #expect(result.isPass, "\(result.troubles)")
        #expect(report.deliveredFraction == 1)
        #expect(report.deliveries == 120 * 23)
        #expect(report.rmr <= 0.02)
        #expect(report.p99 <= .milliseconds(100))
        #expect(report.bytesPerDelivery <= 1.2 * report.eventBytes)
    }

    private static let cheap: [Trouble] = [
        .loss(0.05), .loss(0.2), .crash(500), .crash(800), .crash(900),
    ]
    private static let costly: [Trouble] = [
        .churn(50), .churn(200), .churn(600), .partition(10), .partition(60), .partition(300),
    ]

    @Test(arguments: cheap.flatMap { [($0, 1), ($0, 2)] } + costly.map { ($0, 1) })
    func whateverGoesWrongEverythingIsEverywhereInTime(
        _ trouble: Trouble, _ seed: Int
    ) throws {
        let result = try Self.run(Self.plan(trouble), seed: UInt64(seed))
        #expect(result.isPass, "\(result.troubles)")
        #expect(result.figures.deliveredFraction == 1)
        #expect(result.figures.settled != nil)
        #expect(result.figures.rmr <= 0.6)
    }

    @Test func oneSeedGivesOneTrace() throws {
        let plan = Self.plan(.churn(600))
        let first = try Self.run(plan, nodes: 12, events: 40).figures.traceHash
        #expect(try Self.run(plan, nodes: 12, events: 40).figures.traceHash == first)
        #expect(try Self.run(plan, nodes: 12, events: 40, seed: 2).figures.traceHash != first)
    }

    @Test func theBaselinesBringEverythingTooAndFloodingPaysForIt() throws {
        let results = try SpreadMethod.allCases.map {
            try Self.run(Self.plan(), nodes: 12, events: 40, method: $0)
        }
        #expect(results.allSatisfy { $0.figures.deliveredFraction == 1 })
        #expect(results.first { $0.options.method == .push }?.figures.rmr == 0)
        let flood = try #require(results.first { $0.options.method == .flood })
        #expect(flood.figures.rmr > 3)
    }

    /// A calm federation of this many nodes, 40 s after its start.
    private static func federation(_ count: Int) -> Simulation {
        var world = World.gossip(count, seed: 7)
        world.run(until: .zero + .seconds(40))
        return world
    }

    private static func post(_ count: Int, at nodes: [Int], in world: inout Simulation) throws {
        for place in 0..<count {
            let author = try #require(Author(role: .ai, name: "writer"))
            let draft = Draft(author: author, kind: "message.post", body: [UInt8(place % 251)])
            world.schedule(
                .append(world.nextToken(), [draft]), to: nodes[place % nodes.count],
                at: world.now + .milliseconds(50 * Int64(place)))
        }
    }

    private static func areEqual(_ world: Simulation, _ count: Int) -> Bool {
        (0..<world.nodeCount).allSatisfy {
            world.log(of: $0).count == count && world.root(of: $0) == world.root(of: 0)
        }
    }

    private static func set(
        _ mode: GossipSettings.Mode, at node: Int, in world: inout Simulation
    ) {
        world.schedule(
            .operate(world.nextToken(), .setGossip(GossipSettings(mode: mode))), to: node,
            at: world.now)
    }

    @Test func switchingOffAndOnLosesNothingAndStoresNothingTwice() throws {
        var world = Self.federation(10)
        let all = Array(0..<10)
        for (round, mode) in [GossipSettings.Mode.off, .on, .off, .on].enumerated() {
            try Self.post(40, at: all, in: &world)
            Self.set(mode, at: 3, in: &world)
            world.run(until: world.now + .seconds(15))
            #expect(Self.areEqual(world, 40 * (round + 1)), "round \(round)")
        }
        #expect(world.engine(of: 3)?.gossip.standing.neighbors.isEmpty == false)
    }

    @Test func nodesThatGossipAndNodesThatDoNotHoldTheSame() throws {
        var world = Self.federation(12)
        for node in 0..<6 { Self.set(.off, at: node, in: &world) }
        world.run(until: world.now + .seconds(60))
        try Self.post(60, at: Array(0..<12), in: &world)
        world.run(until: world.now + .seconds(60)) { Self.areEqual($0, 60) }
        #expect(Self.areEqual(world, 60))
    }

    @Test func twoEventsForOnePlaceAreKnownToAll() throws {
        var world = Self.federation(16)
        let key = Seeds(7).key(0)
        let events = try (0..<2).map { place in
            let body = Body(salt: [UInt8](repeating: 1, count: 16), bytes: [UInt8(place)])
            let header = Header(
                origin: key.node, sequence: 1, previous: nil,
                time: Timestamp(physical: world.options.wall.microseconds, counter: 0),
                author: try #require(Author(role: .ai, name: "two")), kind: "message.post",
                bodyLength: 1, bodyHash: body.hash)
            return Event(signing: header, body: body, with: key)
        }
        for (node, event) in zip([4, 11], events) {
            let token = world.nextToken()
            world.schedule(.importEvents(token, Batch([event])), to: node, at: world.now)
        }
        world.run(until: world.now + .seconds(20)) { Self.areEqual($0, 2) }
        #expect(Self.areEqual(world, 2))
        #expect((0..<16).allSatisfy { world.engine(of: $0)?.equivocationCount == 1 })
    }

    @Test func aThirdOfTheNodesWithholdingEventsKeepsNothingFromTheOthers() throws {
        var world = Self.federation(18)
        for node in 12..<18 { world.corrupt(node, .silent) }
        world.watchDeliveries()
        try Self.post(120, at: Array(0..<12), in: &world)
        world.run(until: world.now + .seconds(21)) { Self.areEqual($0, 120) }
        #expect(Self.areEqual(world, 120))
        let sorted = (world.deliveries?.latencies ?? []).sorted()
        // Whoever was fed by such a node has found another one after the first event.
        #expect(sorted[sorted.count * 9 / 10] < .milliseconds(150))
    }

    /// With logs of a few hundred events, and one more every so many seconds, or none.
    @Test(arguments: [0, 4, 1])
    func inSyncComparingCostsAtMostTwelveBytesASecond(_ pause: Int) throws {
        let nodes = 16
        let seconds = 200
        var world = Self.federation(nodes)
        try Self.post(300, at: Array(0..<nodes), in: &world)
        world.run(until: world.now + .seconds(60))
        #expect(Self.areEqual(world, 300))
        let before = Sums(world).tally.sentBytes(.reconcile)
        for second in 0..<seconds {
            if pause > 0, second % pause == 0 { try Self.post(1, at: [second % nodes], in: &world) }
            world.run(until: world.now + .seconds(1))
        }
        let bytes = Sums(world).tally.sentBytes(.reconcile) - before
        #expect(bytes > 0)
        #expect(Double(bytes) / Double(nodes * seconds) <= 12)
    }

    /// Two halves that have never heard of each other but by their registries, each with all the
    /// neighbors that it wants: nothing dials beyond the half but the visit of a random peer.
    /// (Whoever lacks a neighbor draws from the registry, too; here nobody does.)
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theVisitOfARandomPeerIsWhatHealsAPartition(_ seed: UInt64) throws {
        let day = Duration.seconds(86_400)
        func secondsToHeal(redialEvery: Duration) throws -> Int? {
            var plan = ScenarioPlan(name: "test")
            plan.gossip.redialEvery = redialEvery
            plan.gossip.rotateEvery = day
            var world = ScenarioRun.world(
                plan, ScenarioRun.Options(nodes: 32, seed: seed), Seeds(seed), late: [])
            for node in 0..<32 { world.start(node) }
            world.apply(.partition((0..<32).map { $0 < 16 ? 0 : 1 }))
            world.run(until: .zero + .seconds(120))
            try Self.post(10, at: [3, 20], in: &world)
            world.run(until: world.now + .seconds(20))
            world.apply(.heal)
            for second in 1...300 {
                world.run(until: world.now + .seconds(1))
                if Self.areEqual(world, 10) { return second }
            }
            let sides = (0..<32).map { node in
                world.engine(of: node)?.gossip.standing.neighbors.compactMap {
                    world.indices[$0.node].map { $0 < 16 }
                } ?? []
            }
            #expect(
                sides.enumerated().allSatisfy { node, sides in
                    sides.allSatisfy { $0 == (node < 16) }
                })
            return nil
        }
        #expect(try secondsToHeal(redialEvery: day) == nil)
        let healed = try #require(try secondsToHeal(redialEvery: .seconds(30)))
        #expect(healed <= 15)
    }

    @Test func noNodeEverHasMoreNeighborsThanItMay() throws {
        var world = World.gossip(60, seed: 3)
        for second in 1...60 as ClosedRange<Int64> {
            world.run(until: .zero + .seconds(second))
            for node in 0..<60 {
                let standing = try #require(world.engine(of: node)?.gossip.standing)
                #expect(standing.neighbors.count <= 8)
                #expect(Set(standing.neighbors.map(\.node)).count == standing.neighbors.count)
            }
        }
        let counts = (0..<60).map { world.engine(of: $0)?.gossip.standing.neighbors.count ?? 0 }
        #expect(counts.allSatisfy { $0 >= 3 })
    }
}
