import Core
import Federation
import Testing

/// The peers' clocks, and two processes with one key.
@Suite(.timeLimit(.minutes(10)))
struct ClockDoctorTests {
    private func node(_ peers: UInt8) -> Node {
        Node(1, peers: (2...(peers + 1)).map { .active($0) }, settings: .manual)
    }

    /// A request of a peer whose clock is `seconds` ahead of ours.
    private func hear(_ node: Node, _ name: UInt8, ahead seconds: Int, instance: UInt64? = nil) {
        let caller = Caller(
            node: Node.key(name).node, instance: instance,
            signedAt: node.wall + .seconds(seconds))
        node.give(.request(node.newExchange(), caller, .status))
    }

    @Test func aHandshakeMeasuresBothWays() {
        let world = World.strangers(2)
        world.nodes[1].wall = world.nodes[1].wall + .seconds(73)
        _ = world.with(0) { $0.operate(.add(endpoint: "https://n2")) }
        world.settle()
        let asker = world.nodes[0].id
        _ = world.with(1) { $0.operate(.approve(asker)) }
        world.run(for: .seconds(40))
        #expect(world.nodes[0].engine.clockWarning?.contains("73 s behind") == true)
        #expect(world.nodes[1].engine.clockWarning?.contains("73 s ahead of") == true)
        #expect(world.nodes[1].append("two are no witnesses") != nil)
    }

    @Test func aNodeAheadOfThreePeersSignsNothing() {
        let node = node(3)
        for name in UInt8(2)...3 { hear(node, name, ahead: -40) }
        #expect(node.append("two may be wrong") != nil)
        hear(node, 4, ahead: -40)
        #expect(node.append("three are right") == nil)
        #expect(node.engine.refusals[.clockAhead] == 1)
        #expect(node.engine.clockWarning?.contains("40 s ahead of the median of 3 peers") == true)
        // The clock is corrected: nothing needs to be measured again.
        node.wall = WallTime(microseconds: node.wall.microseconds - 40_000_000)
        #expect(node.append("corrected") != nil)
        #expect(node.engine.clockWarning == nil)
    }

    @Test func oneThatLiesSilencesNobody() {
        let node = node(3)
        hear(node, 2, ahead: -100_000)
        hear(node, 3, ahead: 0)
        hear(node, 4, ahead: 0)
        #expect(node.engine.clockWarning == nil)
        #expect(node.append("hello") != nil)
    }

    @Test func timePassingIsNoStepOfTheClock() {
        let node = node(3)
        for name in UInt8(2)...4 { hear(node, name, ahead: -40) }
        node.sleep(.seconds(3600))
        #expect(node.append("still ahead") == nil)
    }

    @Test func whoIsNoActivePeerIsNoWitness() {
        let node = Node(
            1, peers: [.active(2), .of(3, .removed), .of(4, .pending), .of(5, .revoked)],
            settings: .manual)
        for name in UInt8(2)...5 { hear(node, name, ahead: -40) }
        #expect(node.engine.clockAhead?.peers == 1)
        #expect(node.append("hello") != nil)
    }

    @Test func aRestartIsNoAlarmAndTurnsAre() {
        let node = node(1)
        for instance: UInt64 in [7, 8, 9] {
            hear(node, 2, ahead: 0, instance: instance)
            node.sleep(.seconds(5))
        }
        #expect(node.disk.alarms.isEmpty)
        hear(node, 2, ahead: 0, instance: 7)
        #expect(node.disk.alarms.map(\.kind) == [.duplicateKey])
        guard case .registration(let state)? = node.ask(.ownRecord, as: Node.key(2).node) else {
            Issue.record("its record is answered")
            return
        }
        #expect(state.notices.contains(.keyTwice))
        hear(node, 2, ahead: 0, instance: 8)
        node.restart()
        for instance: UInt64 in [1, 2, 1, 2] {
            hear(node, 2, ahead: 0, instance: instance)
            node.sleep(.seconds(5))
        }
        #expect(node.disk.alarms.count == 1)
    }

    @Test func aRequestThatWasOvertakenIsNoAlarm() {
        let node = node(1)
        hear(node, 2, ahead: 0, instance: 7)
        hear(node, 2, ahead: 0, instance: 8)
        node.sleep(.milliseconds(1500))
        hear(node, 2, ahead: 0, instance: 7)
        #expect(node.disk.alarms.isEmpty)
    }

    @Test func theOperatorOfTheKeyIsToldToo() {
        let world = World.federation(2, .manual)
        let peer = world.nodes[1].id
        for instance: UInt64 in [7, 8, 7] {
            world.with(0) { node in
                node.give(
                    .request(
                        node.newExchange(), Caller(node: peer, instance: instance), .status))
                node.sleep(.seconds(5))
            }
        }
        world.with(1) { node in
            node.give(.operate(node.newToken(), .reconcile(Node.key(1).node)))
        }
        world.settle()
        #expect(world.nodes[0].disk.alarms.map(\.kind) == [.duplicateKey])
        #expect(world.nodes[1].disk.alarms.map(\.kind) == [.ownKeyTwice])
    }

    @Test func anAlarmThatCouldNotBeStoredIsStoredLater() {
        let node = node(1)
        node.fails = [.store]
        for instance: UInt64 in [7, 8, 7] {
            hear(node, 2, ahead: 0, instance: instance)
            node.sleep(.seconds(5))
        }
        #expect(node.disk.alarms.isEmpty)
        node.fails = []
        node.sleep(.seconds(2))
        #expect(node.disk.alarms.map(\.kind) == [.duplicateKey])
    }

    @Test func strangersRaiseNoAlarms() {
        let node = Node(1, settings: .manual)
        for instance: UInt64 in [7, 8, 7, 8] {
            hear(node, 2, ahead: 99, instance: instance)
            node.sleep(.seconds(5))
        }
        #expect(node.disk.alarms.isEmpty)
        #expect(node.disk.peers.isEmpty)
    }
}
