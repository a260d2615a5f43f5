import Core
import Federation
import Testing

@Suite(.timeLimit(.minutes(10)))
struct PushTests {
    private let node = Node(1, peers: [.active(2), .active(3)])
    private let origin = Origin(2)
    private let peer = Node.key(2).node

    @Test func outcomesStandInTheOrderOfTheEvents() throws {
        let events = origin.events(3)
        #expect(node.push([events[1]], as: peer) == [.stored])
        let forged = try events[2].withForgedSignature()
        let late = Origin.event(Node.key(5), 1, nil, "soon", at: node.wall + .seconds(90))
        let never = Origin.event(Node.key(5), 2, late.id, "late", at: node.wall + .seconds(90_000))
        var badBody = events[2]
        badBody.body?.bytes[0] ^= 1
        let outcomes = node.push(
            [events[0], forged, events[1], late, events[0], never, badBody, events[2]], as: peer)
        #expect(
            outcomes == [
                .stored, .refused(.badSignature), .alreadyHeld, .setAside, .alreadyHeld,
                .refused(.tooEarly), .refused(.badBody), .stored,
            ])
        #expect(node.engine.eventCount == 3)
        #expect(node.engine.asideCount == 1)
        #expect(Set(node.disk.refused.map(\.reason)) == ["bad-signature", "too-early", "bad-body"])
    }

    @Test func unreadableEventsAreRefusedInTheirPlaces() {
        let events = origin.events(2)
        var batch = Batch(events)
        batch.malformed = [0, 2, 4]
        guard case .outcomes(let outcomes)? = node.ask(.push(batch), as: peer) else {
            Issue.record("a push is answered by outcomes")
            return
        }
        let bad = Outcome.refused(.malformed)
        #expect(outcomes == [bad, .stored, bad, .stored, bad])
    }

    @Test func anEmptyPushHasNoOutcomes() {
        #expect(node.push([], as: peer) == [])
    }

    @Test func theReplyWaitsForTheDisk() {
        node.holds = [.store]
        #expect(node.push(origin.events(1), as: peer) == nil)
        #expect(node.engine.eventCount == 0)
        node.releaseAll()
        #expect(
            node.out.contains {
                if case .reply(_, .outcomes([.stored])) = $0 { true } else { false }
            })
    }

    @Test func aFullDiskIsSaidAndNothingIsKept() {
        node.fails = [.store]
        let events = origin.events(1)
        #expect(node.ask(.push(Batch(events)), as: peer)?.refusal == .cannotStore)
        #expect(node.engine.eventCount == 0)
        node.fails = []
        #expect(node.push(events, as: peer) == [.stored])
    }

    @Test func alreadyHeldIsSaidOnlyOfWhatIsDurable() {
        let events = origin.events(1)
        node.holds = [.store]
        _ = node.ask(.push(Batch(events)), as: peer)
        _ = node.ask(.push(Batch(events)), as: Node.key(3).node)
        #expect(!node.out.contains { if case .reply = $0 { true } else { false } })
        node.releaseAll()
        #expect(node.engine.eventCount == 1)
        #expect(node.disk.entries.map(\.sender) == [peer])
    }

    @Test func aFailedStoreIsNoAlreadyHeld() {
        let events = origin.events(1)
        node.holds = [.store]
        _ = node.ask(.push(Batch(events)), as: peer)
        _ = node.ask(.push(Batch(events)), as: Node.key(3).node)
        node.fails = [.store]
        node.release()
        node.fails = []
        node.releaseAll()
        #expect(node.disk.entries.count == 1)
        #expect(node.engine.eventCount == 1)
    }

    @Test func theSameEventFromAllSidesIsStoredOnce() {
        node.holds = [.verify, .store]
        let events = origin.events(5)
        _ = node.ask(.push(Batch(events)), as: peer)
        _ = node.ask(.push(Batch(events.reversed())), as: Node.key(3).node)
        node.give(.importEvents(node.newToken(), Batch(events)))
        // The disk complains where an event is stored twice.
        while !node.held.isEmpty { node.release(node.held.count - 1) }
        node.releaseAll()
        #expect(node.engine.eventCount == 5)
    }

    @Test func eventsComeInAnyOrderWithGaps() {
        let events = origin.events(6)
        #expect(node.push([events[5], events[2]], as: peer) == [.stored, .stored])
        #expect(node.push([events[0], events[4], events[3], events[1]], as: peer)?.count == 4)
        #expect(node.engine.eventCount == 6)
        #expect(node.engine.equivocationCount == 0)
    }

    @Test func aScopeThatNobodyGrantedIsRefused() {
        let event = Origin.event(origin.key, 1, nil, "x", at: node.wall, scope: [1])
        #expect(node.push([event], as: peer) == [.refused(.unknownScope)])
        #expect(node.engine.eventCount == 0)
    }

    @Test func anAncientEventIsTaken() {
        let event = Origin.event(origin.key, 1, nil, "x", at: WallTime(microseconds: 0))
        #expect(node.push([event], as: peer) == [.stored])
    }

    @Test func twoEventsAtOnePlaceAreBothKeptAndReported() {
        let first = Origin.event(origin.key, 1, nil, "x", at: node.wall)
        let second = Origin.event(origin.key, 1, nil, "y", at: node.wall)
        #expect(node.push([first], as: peer) == [.stored])
        #expect(node.push([second, first], as: peer) == [.stored, .alreadyHeld])
        let expected = Equivocation(
            origin: origin.key.node, scope: [], sequence: 1, first: first.id, second: second.id)
        #expect(node.disk.equivocations == [expected])
        #expect(node.reports.filter { $0 == .equivocation(expected) }.count == 1)
        #expect(node.engine.equivocationCount == 1)
        node.restart()
        #expect(node.engine.equivocationCount == 1)
        #expect(node.push([second, first], as: peer) == [.alreadyHeld, .alreadyHeld])
        #expect(node.disk.equivocations.count == 1)
    }

    @Test func aForkInOneMessageIsSeenToo() {
        let fork = ["x", "y", "z"].map { Origin.event(origin.key, 4, .zero, $0, at: node.wall) }
        #expect(node.push(fork, as: peer) == [.stored, .stored, .stored])
        #expect(node.disk.equivocations.count == 2)
        #expect(node.disk.equivocations.allSatisfy { $0.sequence == 4 && $0.first == fork[0].id })
    }

    @Test func aMissingBodyComesLater() {
        let event = origin.event()
        #expect(node.push([event.withoutBody], as: peer) == [.stored])
        #expect(node.engine.missingBodyCount == 1)
        var wrong = event
        wrong.body?.bytes = Array("hellx".utf8)
        #expect(node.push([wrong], as: peer) == [.refused(.badBody)])
        #expect(node.engine.missingBodyCount == 1)
        let root = node.engine.root
        #expect(node.push([event], as: peer) == [.alreadyHeld])
        #expect(node.engine.missingBodyCount == 0)
        #expect(node.engine.root == root)
        #expect(node.disk.event(event.id)?.body == event.body)
        node.restart()
        #expect(node.engine.missingBodyCount == 0)
    }

    @Test func aBodyThatFollowsInTheSameCommitIsKept() {
        let event = origin.event()
        #expect(node.push([event.withoutBody, event], as: peer)?.count == 2)
        #expect(node.engine.missingBodyCount == 0)
        #expect(node.disk.event(event.id)?.body == event.body)
    }

    @Test func missingBodiesAreStillMissingAfterARestart() {
        _ = node.push([origin.event().withoutBody], as: peer)
        node.restart()
        #expect(node.engine.missingBodyCount == 1)
    }

    @Test func anEventOfThisNodeFromElsewhereIsTakenAndReported() throws {
        #expect(node.append("a") != nil)
        _ = node.take()
        let foreign = Origin.event(node.key, 2, node.disk.ids[0], "twin", at: node.wall)
        #expect(node.push([foreign], as: peer) == [.stored])
        #expect(node.alarms.contains(.ownKeyTwice))
        let next = try #require(node.append("b"))
        #expect(next[0].header.sequence == 3)
        #expect(next[0].header.previous == foreign.id)
        #expect(node.engine.equivocationCount == 0)
    }

    @Test func anEventOfThisNodeThatSharesACommitWithAnAppendIsCounted() {
        node.holds = [.store]
        node.append("a")
        let foreign = Origin.event(node.key, 2, .zero, "twin", at: node.wall)
        _ = node.ask(.push(Batch([foreign])), as: peer)
        node.append("b")
        node.releaseAll()
        let chain = node.disk.entries.map(\.event.header)
        #expect(chain.map(\.sequence) == [1, 2, 3])
        #expect(chain.last?.previous == foreign.id)
        #expect(node.engine.equivocationCount == 0)
    }

    @Test func ownEventsThatComeBackAfterALossAreNotSignedAgain() throws {
        let whole = Node(9, peers: [.active(2)])
        let events = try #require(whole.append("a", "b", "c"))
        let empty = Node(9, peers: [.active(2)])
        #expect(empty.push(events, as: peer) == [.stored, .stored, .stored])
        let next = try #require(empty.append("d"))
        #expect(next[0].header.sequence == 4)
        #expect(next[0].header.previous == events[2].id)
        #expect(next[0].header.time > events[2].header.time)
    }

    @Test func tooMuchOnItsWayIsBusy() {
        node.holds = [.store]
        var last: Response?
        for _ in 0..<70 { last = node.ask(.push(Batch(origin.events(1))), as: peer) }
        #expect(last?.refusal == .busy)
        node.releaseAll()
        #expect(node.engine.eventCount == node.disk.entries.count)
    }
}
