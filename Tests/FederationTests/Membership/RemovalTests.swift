import Core
import Federation
import MerkleSearchTree
import Testing

/// What a node can still do whose registration was ended or whose key was revoked: nothing.
@Suite(.timeLimit(.minutes(10)))
struct RemovalTests {
    /// Node 1 with the active peers 2 and 3, which holds what 2 has said so far.
    private func node(_ said: [Event], automatic: Bool = false) -> Node {
        let policy = Policy(autoAcceptKnown: true, vouchForApproved: false)
        let settings = Settings(policy: policy, isAutomatic: automatic)
        let node = Node(1, peers: [.active(2), .active(3)], settings: settings)
        if !said.isEmpty { _ = node.push(said, as: Node.key(2).node) }
        return node
    }

    private func state(_ node: Node, _ name: UInt8) -> PeerRecord.State? {
        node.disk.peer(Node.key(name).node)?.state
    }

    @Test func whatComesAfterTheCutGetsInThroughNoDoor() {
        let chain = Chronicle(2)
        let node = node(chain.posts(3))
        _ = node.operate(.remove(chain.node))
        let root = node.engine.root
        let later = chain.posts(3)
        #expect(node.push(later, as: Node.key(3).node) == later.map { _ in .refused(.notAdmitted) })
        node.give(.importEvents(node.newToken(), Batch(later)))
        #expect(node.ask(.push(Batch(later)), as: chain.node)?.refusal == .removed)
        node.restart()
        #expect(node.push(later, as: Node.key(3).node)?.contains(.stored) == false)
        #expect(node.engine.root == root)
        #expect(node.engine.eventCount == 3)
    }

    /// Else an event far ahead, signed before the end, would make room for anything below it.
    @Test func anEventFarAheadMakesNoRoomBelowIt() {
        let chain = Chronicle(2)
        let first = chain.posts(3)
        let far = chain.signer.post(1 << 40, after: first[0].id, "far ahead")
        let node = node(first + [far])
        #expect(node.engine.eventCount == 4)
        _ = node.operate(.remove(chain.node))
        #expect(node.disk.peer(chain.node)?.cut == chain.cut(3))
        #expect(node.engine.eventCount == 3)
        let between = chain.posts(2)
        #expect(node.push(between, as: Node.key(3).node)?.contains(.stored) == false)
        #expect(node.engine.eventCount == 3)
    }

    @Test func aBrokenLinkMakesNoRoomBelowIt() {
        let chain = Chronicle(2)
        let first = chain.posts(4)
        let elsewhere = chain.signer.post(4, after: first[2].id, "held by nobody").id
        let node = node(first + [chain.signer.post(5, after: elsewhere)])
        _ = node.operate(.remove(chain.node))
        #expect(node.disk.peer(chain.node)?.cut == chain.cut(4))
        let forks = (2...4).map { chain.signer.post(UInt64($0), after: first[$0 - 2].id, "fork") }
        _ = node.push(forks, as: Node.key(3).node)
        #expect(node.engine.eventCount == 4)
        #expect(node.engine.tree.contains(first[3].key))
    }

    @Test func backdatedForksLeaveTheTreeAsSoonAsTheChainIsHeld() {
        let chain = Chronicle(2)
        let held = chain.posts(5)
        let node = node(held)
        _ = node.operate(.remove(chain.node))
        let fork = chain.signer.post(3, after: held[1].id, "another third")
        _ = node.push([fork], as: Node.key(3).node)
        #expect(!node.engine.tree.contains(fork.key))
        node.restart()
        node.give(.wall(node.wall))
        #expect(!node.engine.tree.contains(fork.key))
        #expect(node.engine.eventCount == 5)
    }

    @Test(arguments: [PeerRecord.State.removed, .rejected, .revoked])
    func registeringAgainChangesNothingAndWritesNothing(_ ended: PeerRecord.State) {
        let world = World.strangers(2)
        world.with(0) { node in _ = node.operate(.add(endpoint: "https://n2")) }
        world.settle()
        let (asker, other) = (world.nodes[1].id, world.nodes[0].id)
        world.with(0) { node in
            switch ended {
            case .rejected: _ = node.operate(.reject(asker))
            case .revoked: _ = node.operate(.revoke(asker, nil))
            default: _ = node.operate(.remove(asker))
            }
        }
        world.settle()
        let (record, writes) = (world.nodes[0].disk.peer(asker), world.nodes[0].disk.writes)
        #expect(record?.state == ended)
        world.with(1) { node in
            node.settings.label = "another name"
            node.restart()
            _ = node.operate(.add(endpoint: "https://n1"))
        }
        world.run(for: .seconds(40))
        world.with(1) { node in _ = node.operate(.remove(other)) }
        world.settle()
        #expect(world.nodes[0].ask(.leave, as: asker) != nil)
        world.give(
            0,
            .sighted(Sighting(node: asker, endpoints: ["https://n2"], label: "", isSameHost: true)))
        world.run(for: .seconds(40))
        #expect(world.nodes[0].disk.peer(asker) == record)
        #expect(world.nodes[0].disk.writes == writes)
    }

    @Test func aStrangerThatLeavesStaysAmongThoseThatWait() {
        let world = World.strangers(2)
        world.with(1) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        let stranger = world.nodes[1].id
        #expect(world.nodes[0].ask(.leave, as: stranger) != nil)
        #expect(world.nodes[0].disk.peer(stranger)?.state == .pending)
        #expect(world.nodes[0].disk.peer(stranger)?.isApprovedThere == false)
    }

    @Test func aPageThatWasBeingReadIsNotHandedOverAfterTheEnd() {
        let node = node([])
        _ = node.append("secret")
        node.holds = [.load]
        let (page, bodies) = (node.newExchange(), node.newExchange())
        let peer = Node.key(2).node
        node.give(.request(page, Caller(node: peer), .pull(since: nil)))
        node.give(.request(bodies, Caller(node: peer), .bodies(node.disk.ids)))
        _ = node.operate(.remove(peer))
        node.releaseAll()
        #expect(node.replies(to: page).map(\.refusal) == [.removed])
        #expect(node.replies(to: bodies).map(\.refusal) == [.removed])
    }

    @Test func whatWasBeingVerifiedIsDroppedAtTheEnd() {
        let node = node([])
        node.holds = [.verify]
        let exchange = node.newExchange()
        let others = Chronicle(4).posts(2)
        node.give(.request(exchange, Caller(node: Node.key(2).node), .push(Batch(others))))
        _ = node.operate(.remove(Node.key(2).node))
        node.releaseAll()
        #expect(node.replies(to: exchange).map(\.refusal) == [.removed])
        #expect(node.disk.entries.isEmpty && node.disk.aside.isEmpty)
    }

    @Test func aLiveStreamIsClosedAtOnce() {
        let node = node([], automatic: true)
        let exchange = node.newExchange()
        node.give(.request(exchange, Caller(node: Node.key(2).node), .stream(since: nil)))
        _ = node.take()
        _ = node.operate(.remove(Node.key(2).node))
        let closed = node.out.contains {
            if case .close(exchange, let refusal) = $0 { refusal?.code == .removed } else { false }
        }
        #expect(closed)
    }

    @Test func aRevocationLowersTheChainAndIsStickyAfterARestart() {
        let chain = Chronicle(2)
        let node = node(chain.posts(5))
        guard case .peer(let record)? = node.operate(.revoke(chain.node, chain.cut(3))) else {
            Issue.record("it ends the registration")
            return
        }
        #expect(record.state == .revoked)
        #expect(node.engine.eventCount == 3 + 1)
        #expect(Statement(node.disk.entries.last!.event) == .revoke(chain.node, chain.cut(3)))
        for _ in 0..<2 {
            #expect(node.ask(.status, as: chain.node)?.refusal == .revoked)
            let again = node.operate(.approve(chain.node))
            guard case .failed(let refusal)? = again else {
                Issue.record("a revoked key is not approved again: \(String(describing: again))")
                return
            }
            #expect(refusal.code == .revoked)
            node.restart()
        }
        #expect(
            node.push(chain.posts(2), as: Node.key(3).node) == [
                .refused(.revoked), .refused(.revoked),
            ])
    }

    @Test func aRevocationNeverBringsBackWhatDoesNotCount() {
        let chain = Chronicle(2)
        let node = node(chain.posts(5))
        _ = node.operate(.revoke(chain.node, chain.cut(2)))
        _ = node.operate(.revoke(chain.node, chain.cut(4)))
        #expect(node.disk.peer(chain.node)?.cut == chain.cut(2))
        let stranger = Chronicle(9)
        stranger.posts(3)
        _ = node.operate(.revoke(stranger.node, stranger.cut(3)))
        _ = node.push(stranger.events, as: Node.key(3).node)
        #expect(!stranger.events.contains { node.engine.tree.contains($0.key) })
    }

    /// The process ends after the statement is durable, before what follows from it.
    @Test func aCrashBetweenRevocationAndItsConsequenceLeavesNobodyActive() {
        let judge = Chronicle(5)
        var settings = Settings.manual
        settings.policy = Policy(revocationsFrom: [judge.node])
        let node = Node(1, peers: [.active(2), .active(3)], settings: settings)
        judge.say(.revoke(Node.key(2).node, .nothing))
        node.holds = [.store]
        node.give(
            .request(
                node.newExchange(), Caller(node: Node.key(3).node), .push(Batch(judge.events))))
        node.holds = []
        node.restart(afterStoring: true)
        #expect(state(node, 2) == .active)
        node.give(.wall(node.wall))
        #expect(state(node, 2) == .revoked)
        #expect(node.ask(.status, as: Node.key(2).node)?.refusal == .revoked)
    }

    @Test func aRevokedStrangerCannotRegister() {
        let world = World.strangers(2) { $0.policy.autoAcceptKnown = true }
        let stranger = world.nodes[1].id
        world.with(0) { node in _ = node.operate(.revoke(stranger, nil)) }
        world.with(1) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(world.nodes[0].disk.peer(stranger) == nil)
        let token = world.nodes[0].newToken()
        world.give(0, .operate(token, .add(endpoint: "https://n2")))
        world.settle()
        #expect(world.nodes[0].disk.peer(stranger)?.isApprovedHere != true)
    }

    /// Events without a body, then a revocation: they are missed by nobody any more.
    @Test func bodiesOfHiddenEventsAreNotMissed() {
        let chain = Chronicle(2)
        let node = node([])
        let events = chain.posts(2)
        _ = node.push(events.map(\.withoutBody), as: chain.node)
        #expect(node.engine.missingBodyCount == 2)
        _ = node.operate(.revoke(chain.node, chain.cut(1)))
        #expect(node.engine.missingBodyCount == 1)
        node.restart()
        #expect(node.engine.missingBodyCount == 1)
        _ = node.push([events[0]], as: Node.key(3).node)
        #expect(node.engine.missingBodyCount == 0)
    }
}
