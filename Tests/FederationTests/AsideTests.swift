import Core
import Federation
import Testing

/// Events from the future.
@Suite(.timeLimit(.minutes(10)))
struct AsideTests {
    private let node = Node(1, peers: [.active(2), .active(3)])
    private let origin = Node.key(5)
    private let peer = Node.key(2).node

    private func event(_ sequence: UInt64 = 1, ahead: Duration) -> Event {
        Origin.event(
            origin, sequence, sequence == 1 ? nil : .zero, "soon \(sequence)",
            at: node.wall + ahead)
    }

    @Test func sixtySecondsAheadIsNow() {
        #expect(node.push([event(ahead: .seconds(60))], as: peer) == [.stored])
        let later = event(2, ahead: .seconds(60) + .microseconds(1))
        #expect(node.push([later], as: peer) == [.setAside])
    }

    @Test func whatIsSetAsideTouchesNeitherTreeNorClock() throws {
        let root = node.engine.root
        #expect(node.push([event(ahead: .seconds(3600))], as: peer) == [.setAside])
        #expect(node.engine.root == root)
        #expect(node.engine.eventCount == 0)
        let own = try #require(node.append("now"))
        #expect(own[0].header.time.physical == node.wall.microseconds)
        #expect(node.push([event(ahead: .seconds(3600))], as: peer) == [.setAside])
        #expect(node.disk.aside.count == 1)
    }

    @Test func itIsTakenInWhenItIsDue() throws {
        let events = [event(2, ahead: .seconds(120)), event(1, ahead: .seconds(100))]
        #expect(node.push(events, as: peer) == [.setAside, .setAside])
        try sleepToDeadline()
        #expect(node.disk.ids == [events[1].id])
        try sleepToDeadline()
        #expect(node.disk.ids == [events[1].id, events[0].id])
        #expect(node.engine.asideCount == 0)
        #expect(node.disk.aside.isEmpty)
        #expect(node.engine.nextDeadline == nil)
    }

    private func sleepToDeadline() throws {
        let deadline = try #require(node.engine.nextDeadline)
        #expect(deadline > node.now)
        node.sleep(deadline - node.now)
    }

    @Test func itIsTakenInAfterARestartToo() throws {
        let event = event(ahead: .seconds(100))
        #expect(node.push([event], as: peer) == [.setAside])
        node.restart()
        #expect(node.engine.asideCount == 1)
        node.sleep(.seconds(1))
        try sleepToDeadline()
        #expect(node.disk.ids == [event.id])
        #expect(node.disk.entries.first?.sender == peer)
    }

    @Test func aFullDiskDoesNotLoseIt() throws {
        let event = event(ahead: .seconds(100))
        #expect(node.push([event], as: peer) == [.setAside])
        node.fails = [.store]
        try sleepToDeadline()
        #expect(node.engine.asideCount == 1)
        node.fails = []
        try sleepToDeadline()
        #expect(node.disk.ids == [event.id])
    }

    @Test func moreThanADayAheadIsTooEarly() {
        let day = Duration.seconds(86_400)
        #expect(node.push([event(ahead: day)], as: peer) == [.setAside])
        #expect(
            node.push([event(2, ahead: day + .microseconds(1))], as: peer) == [.refused(.tooEarly)])
        #expect(node.disk.aside.count == 1)
    }

    @Test func aThousandOfOneOriginAreKept() {
        let events = (1...1001).map { event(UInt64($0), ahead: .seconds(1000)) }
        let first = node.push(Array(events[..<600]), as: peer)
        #expect(first == Array(repeating: .setAside, count: 600))
        let second = node.push(Array(events[600...]), as: peer)
        #expect(second == Array(repeating: .setAside, count: 400) + [.refused(.tooEarly)])
        let other = Origin.event(Node.key(6), 1, nil, "other", at: node.wall + .seconds(1000))
        #expect(node.push([other], as: peer) == [.setAside])
        node.restart()
        #expect(node.push([events[1000]], as: peer) == [.refused(.tooEarly)])
        #expect(node.push([events[3]], as: peer) == [.setAside])
    }

    /// The id does not cover the signature: a forged copy must not profit from the check of the
    /// true one.
    @Test func aForgedCopyOfWhatIsSetAsideIsRefused() throws {
        let event = event(ahead: .seconds(100))
        #expect(node.push([event], as: peer) == [.setAside])
        let forged = try event.withForgedSignature()
        #expect(node.push([forged], as: Node.key(3).node) == [.refused(.badSignature)])
        // Due, but the timer has not fired yet.
        node.wall = node.wall + .seconds(41)
        #expect(node.push([forged], as: Node.key(3).node) == [.refused(.badSignature)])
        #expect(node.engine.eventCount == 0)
        #expect(node.push([event], as: peer) == [.stored])
    }

    @Test func aCopyThatComesWhenItIsDueEndsTheWait() throws {
        let event = event(ahead: .seconds(100))
        _ = node.push([event], as: peer)
        node.wall = node.wall + .seconds(41)
        #expect(node.push([event], as: peer) == [.stored])
        node.sleep(.seconds(60))
        #expect(node.disk.ids == [event.id])
        #expect(node.engine.asideCount == 0)
        #expect(node.disk.aside.isEmpty)
    }

    @Test func aWallClockSetBackKeepsItWaiting() throws {
        let event = event(ahead: .seconds(100))
        _ = node.push([event], as: peer)
        node.wall = node.wall + .seconds(-3600)
        node.sleep(.seconds(41))
        #expect(node.engine.asideCount == 1)
        #expect(node.disk.aside.count == 1)
        node.sleep(.seconds(3610))
        #expect(node.disk.ids == [event.id])
    }

    @Test func ownEventsThatWaitAreNotSignedAgain() throws {
        let own = Origin.event(node.key, 1, nil, "restored", at: node.wall + .seconds(600))
        #expect(node.push([own], as: peer) == [.setAside])
        if let next = node.append("next") { #expect(next[0].header.sequence == 2) }
        node.sleep(.seconds(700))
        #expect(node.engine.equivocationCount == 0)
        #expect(node.disk.ids.contains(own.id))
    }

    @Test func whatWaitedIsNotTakenForOwn() {
        let automatic = Node(1, peers: [.active(2), .active(3)], settings: .automatic)
        _ = automatic.push([event(ahead: .seconds(100))], as: peer)
        _ = automatic.take()
        automatic.sleep(.seconds(42))
        #expect(automatic.engine.eventCount == 1)
        let pushes = automatic.sends.filter { if case .push = $0.request { true } else { false } }
        #expect(pushes.isEmpty)
    }
}
