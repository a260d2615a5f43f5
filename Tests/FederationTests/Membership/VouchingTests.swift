import Core
import Federation
import MerkleSearchTree
import Testing

/// `auto_accept_known`: what others' word lets in, and for how long.
@Suite(.timeLimit(.minutes(10)))
struct VouchingTests {
    private func node(_ policy: Policy = Policy(autoAcceptKnown: true)) -> Node {
        Node(1, peers: [.active(2)], settings: Settings(policy: policy, isAutomatic: false))
    }

    /// Nodes 1 and 2, of which 2 is approved by 1 and vouches for 3; 3 has registered with 1.
    private func withKnown(_ voucher: Chronicle) -> World {
        let policy = Policy(requireMutual: true, autoAcceptKnown: true)
        let world = World.strangers(3) { $0.policy = policy }
        world.with(0) { node in
            _ = node.operate(.add(endpoint: "https://n2"))
        }
        world.settle()
        voucher.say(.vouch(Node.key(3).node, upTo: nil))
        learn(world, voucher.events)
        world.with(2) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        return world
    }

    private func learn(_ world: World, _ events: [Event]) {
        world.with(0) { node in node.give(.importEvents(node.newToken(), Batch(events))) }
        world.settle()
    }

    private func record(_ world: World) -> PeerRecord? {
        world.nodes[0].disk.peer(Node.key(3).node)
    }

    @Test func whoeverIsVouchedForIsApprovedWhenItRegisters() {
        let world = withKnown(Chronicle(2))
        #expect(record(world)?.approval == .vouched)
        #expect(record(world)?.state == .active)
    }

    @Test func theApprovalLastsAsLongAsTheVouching() {
        let voucher = Chronicle(2)
        let world = withKnown(voucher)
        let peer = Node.key(3).node
        learn(world, [voucher.say(.vouch(peer, upTo: .nothing))])
        #expect(record(world)?.approval == nil)
        #expect(record(world)?.state == .pending)
        #expect(world.nodes[0].ask(.status, as: peer)?.refusal == .notActive)
        // It is no voucher's last word, and not its own to change.
        world.with(2) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(record(world)?.state == .pending)
        learn(world, [voucher.say(.vouch(peer, upTo: nil))])
        world.with(2) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(record(world)?.state == .active)
    }

    /// A stolen key's vouching ends with it, and so do those who came in by it.
    @Test func aRevokedVoucherTakesThoseWithItThatItLetIn() {
        let voucher = Chronicle(2)
        let world = withKnown(voucher)
        world.with(0) { node in _ = node.operate(.revoke(voucher.node, .nothing)) }
        #expect(record(world)?.state == .pending)
        #expect(record(world)?.approval == nil)
    }

    @Test func theOperatorsOwnApprovalStaysWhateverOthersSay() {
        let voucher = Chronicle(2)
        let world = withKnown(voucher)
        let peer = Node.key(3).node
        world.with(0) { node in _ = node.operate(.approve(peer)) }
        learn(world, [voucher.say(.vouch(peer, upTo: .nothing))])
        #expect(record(world)?.approval == .byOperator)
        #expect(record(world)?.state == .active)
    }

    @Test func whoeverIsVouchedForOnlyUpToACutIsNotApproved() {
        let policy = Policy(autoAcceptKnown: true)
        let world = World.strangers(3) { $0.policy = policy }
        world.with(0) { node in _ = node.operate(.add(endpoint: "https://n2")) }
        world.settle()
        let removed = Chronicle(3)
        removed.posts(2)
        let voucher = Chronicle(2)
        learn(world, removed.events + [voucher.say(.vouch(removed.node, upTo: removed.cut(2)))])
        #expect(world.nodes[0].engine.tree.contains(removed.events[1].key))
        world.with(2) { node in _ = node.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(record(world)?.state == .pending)
        #expect(record(world)?.approval == nil)
    }

    @Test func anApprovedPeerThatThePolicyListsVouchesToo() {
        let voucher = Chronicle(2)
        let other = Chronicle(3)
        let node = node(Policy(autoAcceptKnown: true, revocationsFrom: [voucher.node]))
        voucher.say(.vouch(other.node, upTo: nil))
        _ = node.push(voucher.events + other.posts(1), as: voucher.node)
        #expect(node.engine.tree.contains(other.events[0].key))
    }

    @Test func onlyTheFirst64NodesOfAVoucherCount() {
        let voucher = Chronicle(2)
        let node = node()
        let names = (0..<66).map { UInt8(100 + $0) }
        for name in names { voucher.say(.vouch(Node.key(name).node, upTo: nil)) }
        let first = names.map { Signer($0).post(1, after: nil) }
        _ = node.push(voucher.events + first, as: voucher.node)
        #expect(first.count { node.engine.tree.contains($0.key) } == 64)
        #expect(!node.engine.tree.contains(first[64].key))
        #expect(node.engine.asideCount == 2)
    }

    @Test func theSixteenthStepIsTheLast() {
        let node = node()
        var events: [Event] = []
        for name in UInt8(2)...20 {
            let chain = Chronicle(name)
            chain.say(.vouch(Node.key(name + 1).node, upTo: nil))
            events += chain.events
        }
        _ = node.push(events, as: Node.key(2).node)
        // Node 2 is approved; its word is the first step, and 18 is reached by the sixteenth.
        let admitted = events.filter { node.engine.tree.contains($0.key) }
        #expect(admitted.count == 17)
        #expect(admitted.last?.header.origin == Node.key(18).node)
    }

    @Test func onlyTheFirst1024StatementsOfAKeyCount() {
        let voucher = Chronicle(2)
        let node = node()
        for place in 0..<1024 {
            voucher.say(.vouch(Node.key(UInt8(10 + place % 20)).node, upTo: nil))
        }
        voucher.say(.vouch(Node.key(60).node, upTo: nil))
        for start in stride(from: 0, to: 1025, by: 500) {
            let end = min(start + 500, 1025)
            _ = node.push(Array(voucher.events[start..<end]), as: voucher.node)
        }
        let late = Signer(60).post(1, after: nil)
        #expect(node.push([late], as: voucher.node) == [.setAside])
    }

    /// What waits for a voucher gives its room back when its origin is turned away.
    @Test func whatWasSetAsideOfANodeThatIsTurnedAwayIsLetGo() {
        let node = node()
        let stranger = Chronicle(9)
        _ = node.push(stranger.posts(3), as: Node.key(2).node)
        #expect(node.engine.asideCount == 3)
        node.disk.mayLetGo = true
        let voucher = Chronicle(2)
        _ = node.push([voucher.say(.vouch(stranger.node, upTo: .nothing))], as: voucher.node)
        #expect(node.engine.asideCount == 0)
        #expect(node.disk.aside.isEmpty)
    }
}
