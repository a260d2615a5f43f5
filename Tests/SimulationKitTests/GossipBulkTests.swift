import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Much at once: more than a queue holds.
@Suite(.timeLimit(.minutes(5)))
struct GossipBulkTests {
    /// A calm federation in which each origin's tree is there.
    private static func federation(
        _ count: Int, of settings: GossipSettings = GossipSettings(mode: .on)
    ) -> Simulation {
        var world = World.federation(
            count, seed: 7, link: LinkModel(isConstant: true), gossip: settings)
        for node in 0..<count { world.post("first of \(node)", at: node, time: .seconds(15)) }
        world.run(until: .seconds(20))
        return world
    }

    private static func draft(_ place: Int, bytes: Int) -> Draft {
        World.draft("\(place) " + String(repeating: "x", count: bytes))
    }

    /// Runs until all hold so many events, for so long at most; says how long that took.
    private static func time(
        to count: Int, of nodes: Int? = nil, within limit: Duration, in world: inout Simulation
    ) -> Duration? {
        let nodes = nodes ?? world.nodeCount
        let start = world.now
        world.run(until: start + limit) { areEqual($0, count, nodes) }
        return areEqual(world, count, nodes) ? world.now - start : nil
    }

    private static func areEqual(_ world: Simulation, _ count: Int, _ nodes: Int) -> Bool {
        (0..<nodes).allSatisfy {
            world.log(of: $0).count == count && world.root(of: $0) == world.root(of: 0)
        }
    }

    private static func tally(
        _ count: KeyPath<LinkTally, Int>, in world: Simulation
    ) -> Int {
        (0..<world.nodeCount).reduce(0) {
            $0 + (world.engine(of: $1)?.gossip.tally[keyPath: count] ?? 0)
        }
    }

    private static func brokenRules(_ world: Simulation) -> [String] {
        (0..<world.nodeCount).flatMap { world.engine(of: $0)?.gossip.brokenRules ?? [] }
    }

    @Test(arguments: [(10, 6), (2, 6), (24, 4)])
    func aPostOfAThousandIsEverywhereAtOnce(_ nodes: Int, _ neighbors: Int) throws {
        var world = Self.federation(nodes, of: GossipSettings(mode: .on, activeView: neighbors))
        let duplicates = Self.tally(\.duplicates, in: world)
        let drafts = (0..<1000).map { Self.draft($0, bytes: 300) }
        world.schedule(.append(world.nextToken(), drafts), to: 1, at: world.now)
        var broken: [String] = []
        for _ in 0..<8 {
            world.run(until: world.now + .milliseconds(50))
            broken += Self.brokenRules(world)
        }
        let took = Self.time(to: nodes + 1000, within: .seconds(20), in: &world)
        let copies = Self.tally(\.duplicates, in: world) - duplicates
        let all = took.map { $0 + .milliseconds(400) }
        let limit: Duration = nodes > 10 ? .seconds(3) : .seconds(2)
        #expect(try #require(all) <= limit)
        #expect(copies <= nodes * 1000 / 20)
        #expect(broken.isEmpty)
        #expect(Self.tally(\.brokenPromises, in: world) == 0)
    }

    @Test(arguments: [2, 10])
    func aHundredLargeEventsAtOnceTakeNoLongerThanTheirTransfer(_ nodes: Int) throws {
        var world = Self.federation(nodes)
        let duplicates = Self.tally(\.duplicates, in: world)
        for place in 0..<100 {
            let drafts = [Self.draft(place, bytes: 65_000)]
            let time = world.now + .milliseconds(Int64(place))
            world.schedule(.append(world.nextToken(), drafts), to: 0, at: time)
        }
        let took = Self.time(to: nodes + 100, within: .seconds(30), in: &world)
        #expect(try #require(took) <= .seconds(2.5))
        #expect(Self.tally(\.duplicates, in: world) == duplicates)
        #expect(Self.tally(\.brokenPromises, in: world) == 0)
        #expect(Self.tally(\.unserved, in: world) == 0)
    }

    @Test func oneEventFromAClockThatIsAheadBlindsNoSession() throws {
        var world = Self.federation(11)
        // Its next event is made from outside: a node whose clock is wrong signs nothing itself.
        world.apply(.crash(10))
        let last = try #require(
            world.log(of: 0).entries.map(\.event).last { $0.header.origin == world.id(of: 10) })
        let body = Body(salt: [UInt8](repeating: 1, count: 16), bytes: [1])
        let time = (world.wall(of: 0) + .seconds(59)).microseconds
        let header = Header(
            origin: world.id(of: 10), sequence: last.header.sequence + 1, previous: last.id,
            time: Timestamp(physical: time, counter: 0), author: last.header.author,
            kind: "message.post", bodyLength: 1, bodyHash: body.hash)
        let event = Event(signing: header, body: body, with: Seeds(7).key(10))
        world.schedule(
            .importEvents(world.nextToken(), Batch([event])), to: 0, at: world.now)
        world.run(until: world.now + .seconds(3))
        world.partition(sides: (0..<11).map { $0 % 2 })
        for place in 0..<40 {
            let time = world.now + .milliseconds(500 * Int64(place))
            world.post("apart \(place)", at: place % 10, time: time)
        }
        world.run(until: world.now + .seconds(20))
        world.heal()
        let took = Self.time(to: 11 + 1 + 40, of: 10, within: .seconds(80), in: &world)
        #expect(try #require(took) <= .seconds(15))
    }
}
