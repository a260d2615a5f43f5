import Core
import Federation
import Testing

/// What a session is charged with.
@Suite(.timeLimit(.minutes(1)))
struct SessionAccountTests {
    /// Every answer costs 1,000 bytes out and 10,000 in: the account adds up by what they were for.
    @Test func whatTheNetworkCarriedIsChargedToSessionAndEventsApart() throws {
        let world = World.federation(2, .manual)
        world.wireBytes = WireBytes(sent: 1000, received: 10_000)
        world.with(0) { node in _ = node.append([.say("ours")]) }
        world.with(1) { node in _ = node.append([.say("theirs")]) }
        world.settle()
        let token = world.nodes[0].newToken()
        world.give(0, .operate(token, .reconcile(world.nodes[1].id)))
        world.settle()
        var found: SyncResult?
        for case .operation(token, .synced(let result)) in world.reports[0] { found = result }
        let account = try #require(found?.account)
        #expect(found?.comparison?.verdict == .equal)
        // Each side has one event that the other lacks: one fetch, one push, the rest is session.
        #expect(account.eventWire == WireBytes(sent: 1000, received: 20_000))
        let messages = account.wire.received / 10_000
        #expect(messages >= 2)
        #expect(account.wire == WireBytes(sent: 1000 * (messages + 1), received: 10_000 * messages))
        #expect(account.naiveBytes == 64)
        let standing = world.nodes[0].engine.view(of: world.nodes[1].id)
        #expect(standing?.lastSession?.account == account)
        #expect(standing?.lastSession?.verdict == .equal)
    }

    /// A node that has events and never read this peer's log compares first: a pull would bring
    /// what both hold once more.
    @Test func aSyncWithoutACursorBringsOnlyWhatIsMissing() throws {
        let world = World.federation(2, .manual)
        let shared = Origin(9).events(300)
        for place in [0, 1] {
            world.with(place) { node in
                node.give(.importEvents(node.newToken(), Batch(shared)))
            }
        }
        world.with(1) { node in _ = node.append([.say("theirs")]) }
        world.settle()
        let token = world.nodes[0].newToken()
        world.give(0, .operate(token, .sync(world.nodes[1].id)))
        world.settle()
        var found: SyncResult?
        for case .operation(token, .synced(let result)) in world.reports[0] { found = result }
        #expect(found?.received == 1)
        #expect(found?.comparison?.verdict == .equal)
        #expect(found?.account?.naiveBytes == 32 * (300 + 301))
        #expect((found?.roundTrips ?? .max) <= 4)
    }
}
