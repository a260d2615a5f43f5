import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct GossipTests {
    private static func scenario(
        _ fault: GossipScenario.Fault, nodes: Int = 24, events: Int = 120, seed: UInt64 = 1
    ) -> GossipScenario {
        GossipScenario("test", fault, nodes: nodes, events: events, seed: seed)
    }

    private static func gossip(_ scenario: GossipScenario) throws -> SpreadReport {
        let report = try GossipReport(scenario, methods: [.gossip])
        return try #require(report.methods.first)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func inCalmEveryEventComesOnce(_ seed: UInt64) throws {
        let report = try Self.gossip(Self.scenario(.none, seed: seed))
        #expect(report.deliveredFraction == 1)
        #expect(report.deliveries == 120 * 23)
        #expect(report.rmr <= 0.02)
        #expect(report.p99 <= .milliseconds(100))
        #expect(report.bytesPerDelivery <= 1.2 * report.eventBytes)
    }

    @Test(
        arguments: [
            .loss(0.05), .loss(0.2), .churn(60), .crash(50), .crash(90), .partition(10),
            .partition(60),
        ] as [GossipScenario.Fault])
    func whateverGoesWrongEverythingIsEverywhereInTime(_ fault: GossipScenario.Fault) throws {
        let report = try Self.gossip(Self.scenario(fault))
        #expect(report.deliveredFraction == 1)
        #expect(report.settled != nil)
        #expect(report.rmr <= 0.6)
    }

    @Test func oneSeedGivesOneTrace() throws {
        let scenario = Self.scenario(.churn(60), nodes: 12, events: 40)
        let first = try Self.gossip(scenario)
        #expect(try Self.gossip(scenario).traceHash == first.traceHash)
        var other = scenario
        other.seed = 2
        #expect(try Self.gossip(other).traceHash != first.traceHash)
    }

    @Test func theBaselinesBringEverythingTooAndFloodingPaysForIt() throws {
        let report = try GossipReport(Self.scenario(.none, nodes: 12, events: 40))
        let rmr = Dictionary(uniqueKeysWithValues: report.methods.map { ($0.method, $0.rmr) })
        #expect(report.methods.allSatisfy { $0.deliveredFraction == 1 })
        #expect(rmr[.push] == 0)
        #expect(try #require(rmr[.flood]) > 3)
    }

    /// A calm federation of this many nodes, 40 s after its start.
    private static func federation(_ count: Int) -> Simulation {
        var world = GossipRun.world(
            scenario(.none, nodes: count), .gossip, Seeds(7))
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

    @Test func inSyncComparingCostsAtMostTwelveBytesASecond() {
        var world = Self.federation(16)
        let before = Sums(world)
        world.run(until: world.now + .seconds(200))
        let sums = Sums(world) - before
        let bytes = sums.tally.sentBytes(.reconcile) - before.tally.sentBytes(.reconcile)
        #expect(bytes > 0)
        #expect(Double(bytes) / 16 / 200 <= 12)
    }

    @Test func noNodeEverHasMoreNeighborsThanItMay() throws {
        var world = GossipRun.world(
            Self.scenario(.none, nodes: 60), .gossip, Seeds(3))
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
