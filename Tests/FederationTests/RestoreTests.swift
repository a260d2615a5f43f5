import Core
import Federation
import Testing

/// A node that came out of a backup must not sign before it knows what it signed.
@Suite(.timeLimit(.minutes(5)))
struct RestoreTests {
    /// Node 2 holds `held` events of node 1, which was restored with an empty log; the backup knew
    /// `known` of them.
    private func world(held: Int, known: UInt64, isAutomatic: Bool = false) -> World {
        var settings = Settings.manual
        settings.isAutomatic = isAutomatic
        let peer = Node(2, peers: [.active(1)], settings: settings)
        let lost = Node(1)
        let events = (0..<held).flatMap { lost.append("\($0)") ?? [] }
        peer.give(.importEvents(peer.newToken(), Batch(events)))
        settings.restoredSequence = known
        let restored = Node(1, peers: [.active(2)], settings: settings)
        return World([restored, peer])
    }

    private func refusal(_ node: Node) -> Refusal? {
        let token = node.newToken()
        node.give(.append(token, [.say("new")]))
        for case .appendFailed(token, let refusal) in node.reports { return refusal }
        return nil
    }

    private func sync(_ world: World) {
        world.give(0, .operate(world.nodes[0].newToken(), .sync(world.nodes[1].id)))
        world.settle()
    }

    @Test func nothingIsSignedBeforeASessionEndedEqual() throws {
        let world = world(held: 3, known: 2)
        let refusal = try #require(world.with(0, refusal))
        #expect(refusal.code == .cannotStore)
        #expect(refusal.detail.contains("sync with a peer first"))
        #expect(refusal.detail.contains("of its own 2 events it holds 0"))
        #expect(world.nodes[0].engine.eventCount == 0)
        sync(world)
        #expect(world.nodes[0].engine.ownSequence == 3)
        #expect(world.reports[0].contains(.caughtUp(with: world.nodes[1].id)))
        #expect(world.nodes[0].disk.alarms.isEmpty)
        let made = try #require(world.with(0) { $0.append("new") })
        #expect(made[0].header.sequence == 4)
        sync(world)
        #expect(world.nodes[0].engine.root == world.nodes[1].engine.root)
        #expect(world.nodes.allSatisfy { $0.engine.equivocationCount == 0 })
    }

    @Test func aPeerThatHoldsLessThanTheBackupKnewProvesNothing() {
        let world = world(held: 3, known: 4)
        sync(world)
        #expect(world.nodes[0].engine.root == world.nodes[1].engine.root)
        #expect(world.with(0, refusal)?.code == .cannotStore)
        #expect(!world.reports[0].contains(.caughtUp(with: world.nodes[1].id)))
    }

    @Test func aPullAloneProvesNothing() {
        let world = world(held: 3, known: 3)
        world.give(
            0, .operate(world.nodes[0].newToken(), .pull(world.nodes[1].id, fromStart: true)))
        world.settle()
        #expect(world.nodes[0].engine.eventCount == 3)
        #expect(world.with(0, refusal)?.code == .cannotStore)
    }

    @Test func itCatchesUpByItselfWhereThePeerGotTheEventsFromIt() {
        let world = world(held: 20, known: 5, isAutomatic: true)
        world.run(for: .seconds(30))
        #expect(world.reports[0].filter { $0 == .caughtUp(with: world.nodes[1].id) }.count == 1)
        #expect(world.with(0) { $0.append("new") }?.first?.header.sequence == 21)
    }

    @Test func aRestartBeforeThatChangesNothing() {
        let world = world(held: 3, known: 3)
        world.crash(0, afterStoring: false)
        #expect(world.with(0, refusal)?.code == .cannotStore)
    }

    @Test func eventsOfOthersAreTakenMeanwhile() {
        let world = world(held: 0, known: 0)
        #expect(world.with(1) { $0.append("of the peer") } != nil)
        #expect(world.with(0, refusal)?.code == .cannotStore)
        sync(world)
        #expect(world.nodes[0].engine.eventCount == 1)
        #expect(world.with(0) { $0.append("new") } != nil)
    }
}
