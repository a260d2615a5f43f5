import Core
import Federation
import Testing

/// What went wrong in the project that this one grew out of must not go wrong here; the numbers are
/// those of docs/ORIGIN_DEFECTS.md.
@Suite(.timeLimit(.minutes(5)))
struct OriginDefectTests {
    private let wall: UInt64 = 1_700_000_000_000_000

    private func pull(_ world: World, fromStart: Bool = false) -> SyncResult? {
        let token = world.nodes[0].newToken()
        world.give(0, .operate(token, .pull(world.nodes[1].id, fromStart: fromStart)))
        world.settle()
        for case .operation(token, .synced(let result)) in world.reports[0] { return result }
        return nil
    }

    /// 1.
    @Test func aPullOfSeveralPagesBringsEveryEventOnce() {
        let world = World.federation(2, .manual)
        world.with(1) { node in
            for part in 0..<5 { _ = node.append((0..<260).map { Draft.say("\(part) \($0)") }) }
        }
        let result = pull(world)
        #expect(result?.received == 1300)
        #expect(result?.roundTrips ?? 0 >= 3)
        #expect(world.nodes[0].disk.ids == world.nodes[1].disk.ids)
        #expect(pull(world)?.received == 0)
    }

    /// 2.
    @Test func manyEventsThatAreNotForUsDoNotHideTheOneThatIs() {
        let log = LogID(bytes: [UInt8](repeating: 2, count: 16))
        let start = log.map { Cursor(log: $0, position: 0) }
        let world = World([
            Node(1, peers: [.active(2, cursor: start)]), Node(2, peers: [.active(1)]),
        ])
        let own = Origin(1).events(1100)
        world.with(1) { node in
            for part in [0..<600, 600..<1100] { _ = node.push(Array(own[part]), as: node.peer) }
            _ = node.append("for node 1")
        }
        #expect(pull(world)?.received == 1)
        #expect(world.nodes[0].disk.peers.first?.cursor?.position == 1101)
    }

    /// 4 and 16.
    @Test func aPushMovesNoCursor() {
        let log = LogID(bytes: [UInt8](repeating: 2, count: 16))
        let cursor = log.map { Cursor(log: $0, position: 3) }
        let world = World([
            Node(1, peers: [.active(2, cursor: cursor)]), Node(2, peers: [.active(1)]),
        ])
        world.with(1) { node in _ = node.append((0..<9).map { Draft.say("\($0)") }) }
        let last = world.nodes[1].disk.entries.suffix(2).map(\.event)
        world.with(0) { node in _ = node.push(last, as: node.peer) }
        #expect(world.nodes[0].disk.peers.first?.cursor == cursor)
        world.nodes[0].restart()
        // What lies between the cursor and what was pushed still comes.
        #expect(pull(world)?.received == 4)
        #expect(world.nodes[0].disk.ids.count == 6)
        #expect(world.nodes[0].disk.peers.first?.cursor?.position == 9)
    }

    /// 5.
    @Test func anEventIsTheSameBytesOnEveryWay() throws {
        let node = Node(2, peers: [.active(1), .active(3)])
        let event = Origin(1).event()
        _ = node.push([event], as: Node.key(1).node)
        let reader = Node.key(3).node
        let page = try #require(node.ask(.pull(since: nil), as: reader)?.page)
        let streamed = try #require(node.ask(.stream(since: nil), as: reader)?.page)
        guard case .events(let bodies)? = node.ask(.bodies([event.id]), as: reader) else {
            Issue.record("bodies are answered by events")
            return
        }
        for came in [page.events.events, streamed.events.events, bodies.events] {
            #expect(came.map { $0.encoded() } == [event.encoded()])
            #expect(came.map(\.id) == [event.id])
        }
    }

    /// 6.
    @Test func aCopyUnderAnotherKeyDoesNotHideTheTrueEvent() throws {
        let node = Node(2, peers: [.active(1), .active(3)])
        let event = Origin(3).event("mine")
        let thief = Node.key(1)
        var header = event.header
        header.origin = thief.node
        let copy = Event(signing: header, body: try #require(event.body), with: thief)
        let forged = try Event(
            headerBytes: event.headerBytes, signature: copy.signature, body: event.body)
        #expect(copy.id != event.id)
        #expect(node.push([copy, forged], as: thief.node) == [.stored, .refused(.badSignature)])
        #expect(node.push([event], as: Node.key(3).node) == [.stored])
        #expect(Set(node.disk.ids) == [copy.id, event.id])
    }

    /// 7.
    @Test func whoHandsAnEventOverIsNotWhoSignedIt() {
        let node = Node(2, peers: [.active(1), .active(3)])
        let event = Origin(3).event()
        #expect(node.push([event], as: Node.key(1).node) == [.stored])
        #expect(node.disk.entries.first?.sender == Node.key(1).node)
        #expect(node.disk.entries.first?.event.header.origin == Node.key(3).node)
    }

    /// 8.
    @Test func aReplayAfterARestartIsAlreadyHeld() {
        let node = Node(2, peers: [.active(1)])
        let events = Origin(1).events(20)
        _ = node.push(events, as: node.peer)
        node.restart()
        #expect(node.push(events, as: node.peer) == events.map { _ in .alreadyHeld })
        #expect(node.disk.entries.count == 20)
    }

    /// 12.
    @Test func oneWrongClockInABatchCostsNoOtherEvent() {
        let node = Node(2, peers: [.active(1)])
        let origin = Origin(1)
        let events = [
            origin.event("past", at: WallTime(microseconds: 0)),
            origin.event("soon", at: WallTime(microseconds: wall + 120_000_000)),
            origin.event("never", at: WallTime(microseconds: wall * 2)), origin.event("now"),
        ]
        let outcomes = node.push(events, as: node.peer)
        #expect(outcomes == [.stored, .setAside, .refused(.tooEarly), .stored])
        #expect(node.disk.ids == [events[0].id, events[3].id])
    }

    /// 13.
    @Test func authorsOfOneNameAtTwoOriginsStayApart() {
        let node = Node(2, peers: [.active(1), .active(3)])
        let (first, second) = (Origin(1).event("a"), Origin(3).event("b"))
        #expect(first.header.author == second.header.author)
        _ = node.push([first], as: Node.key(1).node)
        _ = node.push([second], as: Node.key(3).node)
        let held = node.disk.entries.map(\.event.header.origin)
        #expect(held == [Node.key(1).node, Node.key(3).node])
    }

    /// 14.
    @Test func aNodeOfAnotherVersionIsToldSoAndNotWrittenDown() {
        let node = Node(2)
        let card = NodeCard(versions: [2], label: "", endpoints: [])
        let introduction = Introduction(
            node: Node.key(1).node, nonce: SHA256.hash([1]), card: card, time: node.wall)
        #expect(node.ask(.introduce(introduction), as: nil)?.refusal == .noCommonVersion)
        #expect(node.disk.peers.isEmpty)
    }
}

extension Node {
    /// The first of its peers.
    fileprivate var peer: NodeID { disk.peers.first?.node ?? id }
}
