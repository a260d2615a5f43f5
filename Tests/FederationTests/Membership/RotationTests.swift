import Core
import Federation
import MerkleSearchTree
import Testing

/// A key that names its successor.
@Suite(.timeLimit(.minutes(10)))
struct RotationTests {
    private func node(_ policy: Policy = Policy(vouchForApproved: false)) -> Node {
        Node(
            1, peers: [.active(2), .active(3)],
            settings: Settings(policy: policy, isAutomatic: false))
    }

    private func record(_ node: Node, _ name: UInt8) -> PeerRecord? {
        node.disk.peer(Node.key(name).node)
    }

    @Test func aPeerIsFollowedToItsNewKeyByTheEventAlone() {
        let node = node()
        let old = Chronicle(2)
        old.posts(2)
        old.say(.rotation(from: 2, to: 4))
        _ = node.push(old.events, as: Node.key(3).node)
        #expect(record(node, 2)?.state == .removed)
        #expect(record(node, 2)?.cut == old.cut)
        #expect(record(node, 4)?.approval == .rotation)
        #expect(record(node, 4)?.endpoints == record(node, 2)?.endpoints)
        // Old events stay, later ones of the old key don't get in, those of the new one do.
        let new = Chronicle(4).posts(2)
        let later = old.posts(1)
        #expect(
            node.push(later + new, as: Node.key(3).node)
                == [.refused(.revoked), .stored, .stored])
        #expect(node.engine.eventCount == 5)
        node.restart()
        node.give(.wall(node.wall))
        #expect(node.engine.eventCount == 5)
        #expect(record(node, 4)?.approval == .rotation)
    }

    @Test func aCrashBetweenTheEventAndItsConsequenceIsMadeGoodAtTheStart() {
        let node = node()
        let old = Chronicle(2)
        old.say(.rotation(from: 2, to: 4))
        node.holds = [.store]
        node.give(
            .request(node.newExchange(), Caller(node: old.node), .push(Batch(old.events))))
        node.holds = []
        node.restart(afterStoring: true)
        node.give(.wall(node.wall))
        #expect(record(node, 2)?.state == .removed)
        #expect(record(node, 4)?.isApprovedHere == true)
    }

    @Test func aProofOfAnotherKeyNamesNobody() {
        let node = node()
        let old = Chronicle(2)
        guard case .rotate(_, let proof) = Statement.rotation(from: 3, to: 4) else { return }
        old.say(.rotate(successor: Node.key(4).node, proof: proof))
        _ = node.push(old.events, as: old.node)
        #expect(record(node, 2)?.state == .active)
        #expect(record(node, 4) == nil)
    }

    @Test(arguments: [false, true])
    func aContestedRotationRaisesAnAlarmAndFollowsNobody(_ isReversed: Bool) {
        let node = node()
        let old = Chronicle(2)
        let first = old.posts(2)
        var rivals = [UInt8(4), 5].map { name in
            old.signer.say(.rotation(from: 2, to: name), 3, after: first[1].id)
        }
        if isReversed { rivals.reverse() }
        _ = node.push(first + rivals, as: Node.key(3).node)
        #expect(node.disk.alarms.map(\.kind) == [.contestedRotation])
        #expect(record(node, 4) == nil && record(node, 5) == nil)
        #expect(record(node, 2)?.state == .active)
        node.restart()
        node.give(.wall(node.wall))
        #expect(node.disk.alarms.count == 1)
    }

    @Test func asContestedIsSeenWhicheverCameFirst() {
        // Of a node that is only vouched for, so that no registration remembers who came first.
        let voucher = Chronicle(2)
        voucher.say(.vouch(Node.key(6).node, upTo: nil))
        let key = Chronicle(6)
        let first = key.posts(2)
        let rivals = [
            key.signer.say(.rotation(from: 6, to: 7), 3, after: first[1].id),
            key.signer.say(.rotation(from: 6, to: 8), 9, after: first[1].id),
        ]
        var roots: Set<Digest> = []
        for order in [rivals, rivals.reversed()] {
            let node = node(Policy(autoAcceptKnown: true, vouchForApproved: false))
            _ = node.push(voucher.events + first, as: voucher.node)
            for event in order { _ = node.push([event], as: voucher.node) }
            _ = node.push([Signer(7).post(1, after: nil)], as: voucher.node)
            roots.insert(node.engine.root)
            #expect(node.disk.alarms.map(\.kind) == [.contestedRotation])
            #expect(node.engine.eventCount == 4)
        }
        #expect(roots.count == 1)
    }

    @Test func aLaterRotationThanTheFollowedOneRaisesAnAlarm() {
        let node = node()
        let old = Chronicle(2)
        old.say(.rotation(from: 2, to: 4))
        _ = node.push(old.events, as: old.node)
        let second = old.say(.rotation(from: 2, to: 5))
        #expect(node.push([second], as: Node.key(3).node) == [.refused(.revoked)])
        #expect(node.disk.alarms.map(\.kind) == [.contestedRotation])
        #expect(record(node, 4)?.isApprovedHere == true)
        #expect(record(node, 5) == nil)
    }

    /// Else whoever stole a key would stay by rotating it.
    @Test(arguments: [false, true])
    func aRevocationBelowTheRotationTakesTheSuccessorAlong(_ isFollowedFirst: Bool) {
        let judge = Chronicle(3)
        let node = node(Policy(vouchForApproved: false, revocationsFrom: [judge.node]))
        let stolen = Chronicle(2)
        stolen.posts(2)
        stolen.say(.rotation(from: 2, to: 4))
        judge.say(.revoke(stolen.node, stolen.cut(1)))
        let thief = Chronicle(4).posts(2)
        let batches = [stolen.events + thief, judge.events]
        for batch in isFollowedFirst ? batches : batches.reversed() {
            _ = node.push(batch, as: judge.node)
        }
        #expect(node.engine.eventCount == 2)
        #expect(record(node, 4)?.isApprovedHere != true)
        #expect(node.ask(.status, as: Node.key(4).node)?.status == nil)
    }

    @Test func aKeyIsFollowedSixteenTimesAndNoFurther() {
        let node = node()
        var known = 0
        for step in 0..<20 {
            let name = step == 0 ? UInt8(2) : UInt8(100 + step)
            let chain = Chronicle(name)
            chain.say(.rotation(from: name, to: UInt8(101 + step)))
            _ = node.push(chain.events, as: Node.key(3).node)
            if record(node, UInt8(101 + step))?.isApprovedHere == true { known = step + 1 }
        }
        #expect(known == 16)
    }

    @Test func aLongChainOfSuccessorsAtOnceIsNoBurden() {
        let node = node(Policy(autoAcceptKnown: true, vouchForApproved: false))
        var events: [Event] = []
        for name in UInt8(20)...120 {
            let chain = Chronicle(name)
            chain.say(.rotation(from: name, to: name + 1))
            events += chain.events
        }
        let voucher = Chronicle(2)
        voucher.say(.vouch(Node.key(20).node, upTo: nil))
        _ = node.push(events, as: Node.key(3).node)
        _ = node.push(voucher.events, as: voucher.node)
        #expect(node.engine.eventCount == 1 + 17)
    }

    @Test func whatWasSaidOfASuccessorItselfComesBeforeWhatItInherits() {
        let voucher = Chronicle(2)
        let node = node(Policy(autoAcceptKnown: true, vouchForApproved: false))
        node.disk.mayLetGo = true
        for (key, heir) in [(UInt8(6), UInt8(7)), (9, 8)] {
            voucher.say(.vouch(Node.key(key).node, upTo: nil))
            voucher.say(.vouch(Node.key(heir).node, upTo: .nothing))
            let old = Chronicle(key)
            old.say(.rotation(from: key, to: heir))
            _ = node.push(old.events + [Signer(heir).post(1, after: nil)], as: voucher.node)
        }
        _ = node.push(voucher.events, as: voucher.node)
        #expect(node.engine.eventCount == 4 + 2)
    }
}

extension Response {
    fileprivate var status: PeerStatus? {
        if case .status(let status) = self { status } else { nil }
    }
}

/// The predecessor that a registration names.
@Suite(.timeLimit(.minutes(10)))
struct PredecessorTests {
    /// Node 2 has been an active peer of node 1; node 3 takes over from it.
    private func world(_ event: Event, knows: Bool = true) -> World {
        let world = World([
            Node(1, peers: knows ? [.active(2)] : [], settings: .manual),
            Node(2, settings: .manual),
            Node(
                3,
                settings: Settings(policy: .knowing(9), predecessors: [event], isAutomatic: false)),
        ])
        _ = world.with(2) { $0.operate(.add(endpoint: "https://n1")) }
        world.settle()
        return world
    }

    private func record(_ world: World, _ name: UInt8) -> PeerRecord? {
        world.nodes[0].disk.peer(Node.key(name).node)
    }

    @Test func theApprovalGoesOverAtTheHandshake() {
        let old = Chronicle(2)
        let world = world(old.say(.rotation(from: 2, to: 3)))
        #expect(record(world, 3)?.approval == .rotation)
        #expect(record(world, 3)?.state == .active)
        #expect(record(world, 2)?.state == .removed)
        #expect(world.nodes[0].disk.ids.contains(old.events[0].id))
    }

    @Test func anUnknownKeyHandsNothingOn() {
        let world = world(Chronicle(2).say(.rotation(from: 2, to: 3)), knows: false)
        #expect(record(world, 3)?.state == .pending)
        #expect(record(world, 3)?.approval == nil)
    }

    @Test func whatDoesNotHoldIsRefused() throws {
        let event = Chronicle(2).say(.rotation(from: 2, to: 3))
        let forged = try event.withForgedSignature()
        for bad in [forged, Chronicle(2).say(.rotation(from: 2, to: 4)), Chronicle(2).post()] {
            let world = world(bad)
            #expect(record(world, 3) == nil)
            #expect(record(world, 2)?.state == .active)
        }
    }

    @Test func aStaleOneOfARevokedKeyHandsNothingOn() {
        let old = Chronicle(2)
        let event = old.say(.rotation(from: 2, to: 3))
        let world = World([
            Node(1, peers: [.active(2)], settings: .manual), Node(2, settings: .manual),
            Node(
                3,
                settings: Settings(policy: .knowing(9), predecessors: [event], isAutomatic: false)),
        ])
        _ = world.with(0) { $0.operate(.revoke(old.node, .nothing)) }
        _ = world.with(2) { $0.operate(.add(endpoint: "https://n1")) }
        world.settle()
        #expect(record(world, 3)?.approval == nil)
        #expect(!world.nodes[0].engine.tree.contains(event.key))
    }
}
