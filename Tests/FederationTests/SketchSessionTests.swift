import Core
import Federation
import MerkleSearchTree
import Testing

/// Sessions of logs that are large enough for sketches.
@Suite(.timeLimit(.minutes(10)))
struct SketchSessionTests {
    /// Two logs with `common` events of another node in both, but for every `distance`th, which the
    /// first and the second hold by turns.
    private func world(_ common: Int, distance: Int) -> World {
        let world = World.federation(2, .manual)
        let events = Origin(9).events(common)
        for place in [0, 1] {
            let held = events.enumerated().filter { number, _ in
                number % distance != 0 || number / distance % 2 == place
            }
            for start in stride(from: 0, to: held.count, by: 500) {
                let part = held[start..<min(held.count, start + 500)].map(\.element)
                world.with(place) { $0.give(.importEvents($0.newToken(), Batch(part))) }
            }
        }
        world.settle()
        return world
    }

    private func compare(_ world: World, _ place: Int = 0) throws -> SyncResult {
        let token = world.nodes[place].newToken()
        world.give(place, .operate(token, .reconcile(world.nodes[1 - place].id)))
        world.settle()
        var found: SyncResult?
        for case .operation(token, .synced(let result)) in world.reports[place] { found = result }
        #expect(world.nodes[0].engine.root == world.nodes[1].engine.root)
        return try #require(found)
    }

    @Test(arguments: [(3_000, 400, 1), (3_000, 20, 2)])
    func scatteredDifferencesAreFoundBySketch(
        _ common: Int, _ distance: Int, _ roundTrips: Int
    ) throws {
        let world = world(common, distance: distance)
        #expect(world.nodes.allSatisfy { $0.engine.hasSketches })
        let result = try compare(world)
        #expect(result.comparison?.verdict == .equal)
        #expect(result.account?.method == .sketch)
        #expect(result.account?.roundTrips == roundTrips)
        #expect(result.account?.attempts == 1)
        #expect(result.received + result.sent == (common + distance - 1) / distance)
    }

    @Test func whatIsKnownToBothIsNotSaidAgainWhoeverBegins() throws {
        let world = world(2_000, distance: 100)
        let first = try compare(world)
        #expect((first.account?.sentBytes ?? 0) > 60)
        for place in [0, 1, 1, 0] {
            world.with(place) { node in _ = node.append([.say("more")]) }
            world.with(1 - place) { node in _ = node.append([.say("other"), .say("two")]) }
            let result = try compare(world, place)
            #expect(result.account?.method == .known)
            #expect(result.account?.roundTrips == 1)
            #expect((result.received, result.sent) == (2, 1))
            #expect((result.account?.sentBytes ?? .max) <= 14 + 5 + 4)
        }
        let equal = try compare(world)
        #expect(equal.account?.method == .equal)
        #expect(equal.account?.sentBytes == 14)
        #expect(equal.account?.receivedBytes == 5)
    }

    /// What is remembered is in memory: a restart costs one round trip.
    @Test(arguments: [0, 1])
    func aRestartForgetsAndTheSessionGoesOn(place: Int) throws {
        let world = world(1_500, distance: 100)
        _ = try compare(world)
        world.crash(place, afterStoring: true)
        world.settle()
        world.with(1) { node in _ = node.append([.say("more")]) }
        let result = try compare(world)
        #expect(result.comparison?.verdict == .equal)
        #expect(result.received == 1)
        #expect(result.account?.roundTrips == (place == 0 ? 1 : 2))
    }

    /// A peer that only ever says hello holds a bounded number of snapshots here, and is told to
    /// wait when it asks for too much.
    @Test func aFloodOfHellosIsBounded() {
        let node = Node(1, peers: [.active(2)])
        let peer = Node.key(2).node
        _ = node.append((0..<50).map { Draft.say("\($0)") })
        var machine = ReconcileInitiator(index: ReconcileIndex(), salt: 1)
        let hello = machine.start()
        var refused = 0
        for session in 0..<5_000 {
            let answer = node.ask(
                .reconcile(session: UInt64(session), context: 1, message: hello), as: peer)
            if answer?.refusal == .overBudget { refused += 1 }
        }
        #expect(node.engine.openSessions <= 2)
        #expect(refused > 2_000)
        #expect(node.engine.refusals[.overBudget] == UInt64(refused))
    }
}
