import Core
import Federation
import Testing

/// The policy at run time.
@Suite(.timeLimit(.minutes(10)))
struct PolicyTests {
    private func set(_ world: World, _ place: Int, _ change: (inout Policy) -> Void) {
        var policy = world.nodes[place].engine.settings.policy
        change(&policy)
        world.nodes[place].settings.policy = policy
        _ = world.with(place) { $0.operate(.setPolicy(policy)) }
        world.settle()
    }

    private func state(_ world: World, _ a: Int, _ b: Int) -> PeerRecord.State? {
        world.nodes[a].disk.peer(world.nodes[b].id)?.state
    }

    @Test func aRaisedTierEndsWhatRunsAndALoweredOneBringsItBack() {
        let world = World.federation(2, .automatic)
        world.run(for: .seconds(5))
        #expect(world.nodes[0].engine.view(of: world.nodes[1].id)?.isStreaming == true)
        set(world, 0) { $0.minAuthTier = .oauthVerified }
        let peer = world.nodes[1].id
        #expect(world.nodes[0].engine.view(of: peer)?.isStreaming == false)
        #expect(world.nodes[0].ask(.status, as: peer)?.refusal == .tierTooLow)
        #expect(state(world, 0, 1) == .active)
        world.with(0) { _ = $0.append("meanwhile") }
        world.run(for: .seconds(5))
        #expect(world.nodes[1].engine.eventCount == 0)
        set(world, 0) { $0.minAuthTier = .deviceBound }
        world.with(0) { _ = $0.append("after") }
        world.run(for: .seconds(120))
        #expect(world.nodes[1].engine.eventCount == 2)
        #expect(world.nodes[0].engine.view(of: peer)?.isStreaming == true)
    }

    /// An event that was being read for a push when the tier was raised must not block later ones.
    @Test func aPushThatWasCutOffGoesOn() {
        let node = Node(1, peers: [.active(2)], settings: .automatic)
        node.holds = [.load]
        _ = node.append("one")
        var policy = node.settings.policy
        policy.minAuthTier = .hardwareAttested
        _ = node.operate(.setPolicy(policy))
        node.releaseAll()
        policy.minAuthTier = .deviceBound
        _ = node.operate(.setPolicy(policy))
        _ = node.append("two")
        let pushes = node.sends.filter { if case .push = $0.request { true } else { false } }
        #expect(!pushes.isEmpty)
    }

    @Test func whoWaitedUnderAHighTierIsServedWhenItIsLowered() {
        let world = World.strangers(2) { $0.policy.minAuthTier = .hardwareAttested }
        _ = world.with(0) { $0.operate(.add(endpoint: "https://n2")) }
        world.settle()
        let asker = world.nodes[0].id
        _ = world.with(1) { $0.operate(.approve(asker)) }
        world.settle()
        #expect(state(world, 0, 1) == .pending)
        #expect(state(world, 1, 0) == .pending)
        world.nodes[1].restart()
        set(world, 1) { $0.minAuthTier = .deviceBound }
        #expect(state(world, 1, 0) == .active)
        #expect(world.nodes[1].ask(.status, as: asker)?.refusal == nil)
    }

    @Test func oneSideIsEnoughWhereThePolicySaysSo() {
        let world = World.strangers(2) { settings in
            if settings.label == "n2" { settings.policy.requireMutual = false }
        }
        _ = world.with(0) { $0.operate(.add(endpoint: "https://n2")) }
        world.run(for: .seconds(60))
        #expect(state(world, 0, 1) == .active)
        #expect(state(world, 1, 0) == .active)
        #expect(world.nodes[1].disk.peer(world.nodes[0].id)?.approval == .oneSided)
    }

    @Test func aLoweredBoundKeepsThePeersThereAreAndAdmitsNoMore() {
        let world = World.strangers(4)
        for place in 1...3 {
            _ = world.with(place) { $0.operate(.add(endpoint: "https://n1")) }
            world.settle()
        }
        let ids = world.nodes.map(\.id)
        for place in 1...2 { _ = world.with(0) { $0.operate(.approve(ids[place])) } }
        set(world, 0) { $0.maxPeers = 1 }
        _ = world.with(0) { $0.operate(.approve(ids[3])) }
        world.settle()
        #expect((1...3).map { state(world, 0, $0) } == [.active, .active, .pending])
        set(world, 0) { $0.maxPeers = 3 }
        #expect(state(world, 0, 3) == .active)
    }

    /// A asks B while B asks A while C asks both, in any order of messages.
    @Test(arguments: Seeds.upTo(30))
    func threeThatAskEachOtherAtOnce(seed: UInt64) {
        let world = World.strangers(3)
        var dice = Dice(seed: seed)
        for (a, b) in [(0, 1), (1, 0), (2, 0), (2, 1), (1, 2), (0, 2)] {
            _ = world.with(a) { $0.operate(.add(endpoint: "https://n\(b + 1)")) }
            if dice.below(2) == 0, !world.wire.isEmpty {
                world.deliver(dice.below(world.wire.count))
            }
        }
        while !world.wire.isEmpty { world.deliver(dice.below(world.wire.count)) }
        world.run(for: .seconds(90))
        for a in 0..<3 {
            for b in 0..<3 where a != b { #expect(state(world, a, b) == .active, "\(a) \(b)") }
            #expect(world.nodes[a].disk.peers.count == 2)
        }
    }

    @Test func anActivePeerThatSaysItIsOverReadsNoMore() {
        let world = World.federation(2, .manual)
        let (first, second) = (world.nodes[0].id, world.nodes[1].id)
        let exchange = world.nodes[0].newExchange()
        world.give(0, .request(exchange, Caller(node: second), .stream(since: nil)))
        // The farewell is lost; the handshake tells.
        world.loses = { $0.from == 1 }
        _ = world.with(1) { $0.operate(.remove(first)) }
        world.settle()
        world.loses = { _ in false }
        _ = world.with(0) { $0.operate(.add(endpoint: "https://n2")) }
        world.settle()
        #expect(state(world, 1, 0) == .removed)
        #expect(state(world, 0, 1) == .pending)
        let isClosed = world.nodes[0].trace.contains {
            if case .close(exchange, _) = $0 { true } else { false }
        }
        #expect(isClosed)
    }

    @Test func aStrangersOwnAddressesAreNotDialled() {
        let record = PeerRecord(
            node: Node.key(2).node, isApprovedThere: true, endpoints: ["https://n7"])
        let node = Node(1, peers: [record], settings: .automatic)
        node.give(
            .sighted(
                Sighting(
                    node: record.node, endpoints: ["https://n2"], label: "", isSameHost: false)))
        node.sleep(.seconds(60))
        #expect(!node.sends.isEmpty)
        #expect(node.sends.allSatisfy { $0.to.endpoints == ["https://n2"] })
    }

    @Test func aStatementThatCouldNotBeSignedIsSaidLater() {
        var settings = Settings(isAutomatic: false)
        settings.policy = .knowing(9)
        let node = Node(1, peers: [.of(2, .pending)], settings: settings)
        _ = node.push([], as: node.id)
        // The log is ahead of the clock, so nothing may be signed.
        let ahead = node.wall + .seconds(50)
        let late = Signer(3).event(1, after: nil, body: [1], at: ahead)
        node.give(.importEvents(node.newToken(), Batch([late])))
        node.wall = WallTime(microseconds: node.wall.microseconds - 30_000_000)
        _ = node.operate(.approve(Node.key(2).node))
        #expect(node.disk.peer(Node.key(2).node)?.isApprovedHere == true)
        for _ in 0..<5 { node.sleep(.seconds(2)) }
        #expect(node.engine.ownSequence == 0)
        guard case .failed(let refusal)? = node.operate(.revoke(Node.key(2).node, nil)) else {
            Issue.record("nobody else would hear of the revocation")
            return
        }
        #expect(refusal.code == .clockBehind)
        for _ in 0..<30 { node.sleep(.seconds(2)) }
        #expect(node.engine.ownSequence == 1)
        let said = node.disk.entries.last.flatMap { Statement($0.event) }
        #expect(said == .vouch(Node.key(2).node, upTo: nil))
    }

    @Test func aFullDiskLosesNoStatement() {
        var settings = Settings(isAutomatic: false)
        settings.policy = .knowing(9)
        let node = Node(1, peers: [.of(2, .pending)], settings: settings)
        node.fails = [.store]
        _ = node.operate(.approve(Node.key(2).node))
        for _ in 0..<3 { node.sleep(.seconds(2)) }
        #expect(node.disk.writes == 0)
        node.fails = []
        node.sleep(.seconds(2))
        #expect(node.engine.ownSequence == 1)
        #expect(node.disk.peer(Node.key(2).node)?.isApprovedHere == true)
    }

    @Test func afterItsOwnRevocationAKeySignsNothing() {
        let node = Node(1, settings: Settings(isAutomatic: false))
        node.holds = [.store]
        node.give(.operate(node.newToken(), .revoke(node.id, nil)))
        // Not even while the end is on its way to the disk.
        #expect(node.append("too late") == nil)
        node.releaseAll()
        #expect(node.append("too late") == nil)
        #expect(node.engine.ownSequence == 1)
        node.restart()
        #expect(node.append("too late") == nil)
    }
}
