import Core
import Federation
import Testing

/// The mutual challenge, among nodes 1, 2 and 3 that know nobody.
@Suite(.timeLimit(.minutes(10)))
struct RegistrationTests {
    /// The state of node `b` at node `a`, by place.
    private func state(_ world: World, _ a: Int, _ b: Int) -> PeerRecord.State? {
        world.nodes[a].disk.peer(world.nodes[b].id)?.state
    }

    private func expectActive(_ world: World, _ a: Int = 0, _ b: Int = 1) {
        #expect(state(world, a, b) == .active)
        #expect(state(world, b, a) == .active)
    }

    private func add(_ world: World, _ a: Int = 0, _ b: Int = 1) -> Token {
        let token = world.with(a) { $0.newToken() }
        let endpoint = "https://n\(b + 1)"
        world.give(a, .operate(token, .add(endpoint: endpoint)))
        return token
    }

    private func result(_ world: World, _ a: Int, _ token: Token) -> OperationResult? {
        for case .operation(token, let result) in world.reports[a] { return result }
        return nil
    }

    private func approve(_ world: World, _ a: Int, _ b: Int) {
        let peer = world.nodes[b].id
        world.with(a) { node in _ = node.operate(.approve(peer)) }
    }

    private func sight(_ world: World, _ a: Int, _ b: Int, isSameHost: Bool = false) {
        world.give(
            a,
            .sighted(
                Sighting(
                    node: world.nodes[b].id, endpoints: ["https://n\(b + 1)"], label: "n",
                    isSameHost: isSameHost)))
    }

    @Test func theOneThatAsksApprovesFirst() {
        let world = World.strangers(2)
        let token = add(world)
        world.settle()
        #expect(state(world, 0, 1) == .pending)
        #expect(state(world, 1, 0) == .pending)
        #expect(world.nodes[1].disk.peer(world.nodes[0].id)?.isApprovedThere == true)
        guard case .peer(let record)? = result(world, 0, token) else {
            Issue.record("the operation is answered")
            return
        }
        #expect(record.node == world.nodes[1].id)
        approve(world, 1, 0)
        world.settle()
        expectActive(world)
    }

    @Test func theOneThatIsAskedApprovesFirst() {
        let world = World.strangers(2)
        sight(world, 0, 1)
        sight(world, 1, 0)
        world.run(for: .seconds(10))
        #expect(state(world, 0, 1) == .pending)
        #expect(state(world, 1, 0) == .pending)
        approve(world, 1, 0)
        world.settle()
        #expect(state(world, 1, 0) == .pending)
        approve(world, 0, 1)
        world.run(for: .seconds(60))
        expectActive(world)
    }

    @Test func bothApproveAtOnce() {
        let world = World.strangers(2)
        _ = add(world, 0, 1)
        _ = add(world, 1, 0)
        world.settle()
        expectActive(world)
        #expect(world.nodes[0].disk.peers.count == 1)
    }

    @Test(arguments: Seeds.upTo(20))
    func bothApproveAtOnceInAnyOrderOfMessages(seed: UInt64) {
        let world = World.strangers(2)
        var dice = Dice(seed: seed)
        _ = add(world, 0, 1)
        _ = add(world, 1, 0)
        while !world.wire.isEmpty { world.deliver(dice.below(world.wire.count)) }
        world.run(for: .seconds(90))
        expectActive(world)
    }

    /// Lost are, in turn: introduce, challenge, confirm, registration.
    @Test(arguments: 0..<4)
    func aLostMessageIsRepairedByTheNextTry(_ lost: Int) {
        let world = World.strangers(2)
        var passed = 0
        world.loses = { _ in
            passed += 1
            return passed == lost + 1
        }
        let first = add(world)
        world.settle()
        #expect(result(world, 0, first) != nil)
        world.run(for: .seconds(60))
        if state(world, 0, 1) == nil { _ = add(world) }
        world.run(for: .seconds(5))
        approve(world, 1, 0)
        world.run(for: .seconds(120))
        expectActive(world)
    }

    @Test(arguments: 0..<4, [0, 1])
    func aRestartInTheMiddleIsRepaired(_ step: Int, _ who: Int) {
        let world = World.strangers(2)
        _ = add(world)
        for _ in 0..<step where !world.wire.isEmpty { world.deliver(0) }
        world.crash(who, afterStoring: false)
        world.settle()
        _ = add(world)
        world.run(for: .seconds(60))
        approve(world, 1, 0)
        world.run(for: .seconds(120))
        expectActive(world)
    }

    @Test func whatIsActiveStaysActiveAfterARestart() {
        let world = World.strangers(2)
        _ = add(world, 0, 1)
        _ = add(world, 1, 0)
        world.settle()
        world.crash(0, afterStoring: true)
        world.crash(1, afterStoring: true)
        expectActive(world)
        #expect(world.nodes[0].engine.peerRecords.map(\.state) == [.active])
    }

    @Test func nodesOfOneJoinSecretApproveEachOther() {
        let secret = [UInt8](repeating: 7, count: 16)
        let world = World.strangers(2) {
            $0.policy.autoAcceptLAN = true
            $0.joinSecret = secret
        }
        sight(world, 0, 1)
        sight(world, 1, 0)
        world.run(for: .seconds(40))
        expectActive(world)
    }

    @Test(arguments: [[UInt8](repeating: 8, count: 16), nil])
    func aWrongOrMissingJoinSecretWaitsForTheOperator(_ other: [UInt8]?) {
        let world = World.strangers(2) {
            $0.policy.autoAcceptLAN = true
            $0.joinSecret = $0.label == "n1" ? [UInt8](repeating: 7, count: 16) : other
        }
        sight(world, 0, 1)
        sight(world, 1, 0)
        world.run(for: .seconds(40))
        #expect(state(world, 0, 1) == .pending)
        #expect(state(world, 1, 0) == .pending)
        #expect(world.nodes[0].disk.peers.first?.isApprovedHere == false)
        #expect(world.nodes[1].disk.peers.first?.isApprovedHere == false)
    }

    @Test func theSecretIsNoUseWithoutThePolicy() {
        let world = World.strangers(2) { $0.joinSecret = [UInt8](repeating: 7, count: 16) }
        sight(world, 0, 1)
        world.run(for: .seconds(10))
        #expect(world.nodes.allSatisfy { $0.disk.peers.first?.isApprovedHere == false })
    }

    @Test(arguments: [true, false])
    func withoutASecretOnlyThisHostIsTrusted(_ isSameHost: Bool) {
        let world = World.strangers(2) { $0.policy.autoAcceptLAN = true }
        world.isSameHost = isSameHost
        sight(world, 0, 1, isSameHost: isSameHost)
        sight(world, 1, 0, isSameHost: isSameHost)
        world.run(for: .seconds(40))
        if isSameHost { return expectActive(world) }
        #expect(state(world, 0, 1) == .pending)
        #expect(state(world, 1, 0) == .pending)
    }

    @Test func aSecretIsAskedForEvenOnThisHost() {
        let world = World.strangers(2) {
            $0.policy.autoAcceptLAN = true
            $0.joinSecret = $0.label == "n1" ? [UInt8](repeating: 7, count: 16) : nil
        }
        world.isSameHost = true
        sight(world, 0, 1, isSameHost: true)
        world.run(for: .seconds(10))
        #expect(world.nodes[0].disk.peers.first?.isApprovedHere == false)
    }

    /// Somebody in the middle shows another TLS key.
    @Test func anotherTLSKeyIsRefused() {
        let world = World.strangers(2)
        world.presentedTLSKeys[1] = Digest(words: 666, 0, 0, 0)
        let token = add(world)
        world.settle()
        guard case .failed(let refusal)? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
        #expect(refusal.code == .badSignature)
        #expect(state(world, 0, 1) == nil)
        #expect(state(world, 1, 0) == nil)
    }

    @Test func aNodeDoesNotRegisterWithItself() {
        let world = World.strangers(2)
        let token = add(world, 0, 0)
        world.settle()
        guard case .failed? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
        #expect(world.nodes[0].disk.peers.isEmpty)
        sight(world, 0, 0)
        #expect(world.wire.isEmpty)
    }

    @Test func nobodyThereIsSaid() {
        let world = World.strangers(2)
        let token = add(world, 0, 8)
        world.settle()
        guard case .failed? = result(world, 0, token) else {
            Issue.record("the operation fails")
            return
        }
        #expect(world.nodes[0].engine.nextDeadline == nil)
    }

    @Test func aRemovedPeerStaysRemoved() {
        let world = World.strangers(2)
        _ = add(world, 0, 1)
        _ = add(world, 1, 0)
        world.settle()
        let peer = world.nodes[1].id
        world.with(0) { node in _ = node.operate(.remove(peer)) }
        world.settle()
        #expect(state(world, 0, 1) == .removed)
        #expect(state(world, 1, 0) == .removed)
        sight(world, 1, 0)
        sight(world, 0, 1)
        world.run(for: .seconds(20))
        #expect(state(world, 0, 1) == .removed)
        _ = add(world, 1, 0)
        world.run(for: .seconds(40))
        #expect(state(world, 0, 1) == .removed)
        #expect(state(world, 1, 0) != .active)
        approve(world, 0, 1)
        world.run(for: .seconds(60))
        expectActive(world)
    }

    @Test func aRemovalThatNobodyHeardEndsTheService() {
        let world = World.strangers(2)
        _ = add(world, 0, 1)
        _ = add(world, 1, 0)
        world.settle()
        let peer = world.nodes[1].id
        world.loses = { _ in true }
        world.with(0) { node in _ = node.operate(.remove(peer)) }
        world.settle()
        world.loses = { _ in false }
        #expect(state(world, 1, 0) == .active)
        let removed = world.nodes[0].ask(.status, as: peer)?.refusal
        #expect(removed == .removed)
    }

    @Test func aRejectedPeerStaysRejected() {
        let world = World.strangers(2)
        _ = add(world, 1, 0)
        world.settle()
        let peer = world.nodes[1].id
        world.with(0) { node in _ = node.operate(.reject(peer)) }
        world.run(for: .seconds(40))
        #expect(state(world, 0, 1) == .rejected)
        _ = add(world, 1, 0)
        world.run(for: .seconds(40))
        #expect(state(world, 0, 1) == .rejected)
        #expect(state(world, 1, 0) == .pending)
    }

    @Test func maxPeersBoundsActiveOnes() {
        let world = World.strangers(3) { if $0.label == "n1" { $0.policy.maxPeers = 1 } }
        for other in [1, 2] {
            _ = add(world, other, 0)
            world.settle()
            approve(world, 0, other)
            world.run(for: .seconds(40))
        }
        #expect(world.nodes[0].disk.peers.count { $0.state == .active } == 1)
        #expect(state(world, 0, 2) == .pending)
        let first = world.nodes[1].id
        world.with(0) { node in _ = node.operate(.remove(first)) }
        world.run(for: .seconds(90))
        expectActive(world, 0, 2)
    }

    @Test func operationsOnUnknownPeersFail() {
        let world = World.strangers(1)
        let stranger = Node.key(9).node
        let operations: [Operation] = [
            .approve(stranger), .reject(stranger), .remove(stranger), .sync(stranger),
            .pull(stranger, fromStart: true), .reconcile(stranger),
        ]
        for operation in operations {
            guard case .failed(let refusal)? = world.nodes[0].operate(operation) else {
                Issue.record("\(operation) fails")
                continue
            }
            #expect(refusal.code == .unknownPeer)
        }
    }
}
