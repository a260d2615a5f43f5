import Core
import Federation
import Testing

/// Pushing own events to peers that read no stream of ours.
@Suite(.timeLimit(.minutes(10)))
struct UploadTests {
    private let node = Node(1, peers: [.active(2)], settings: .automatic)
    private let peer = Node.key(2).node

    /// Pushes sent since the last take.
    private var pushes: [(token: Token, events: [Event])] {
        node.sends.compactMap {
            if case .push(let batch) = $0.request { ($0.token, batch.events) } else { nil }
        }
    }

    private func answer(_ token: Token, _ response: Response) {
        _ = node.take()
        node.give(.response(token, from: peer, tlsKey: .zero, response))
    }

    @Test func anOwnEventIsPushedOnceItIsDurable() throws {
        node.holds = [.store]
        node.append("a")
        #expect(pushes.isEmpty)
        node.releaseAll()
        #expect(pushes.map { $0.events.map(\.id) } == [node.disk.ids])
        answer(try #require(pushes.first).token, .outcomes([.stored]))
        node.sleep(.seconds(300))
        #expect(pushes.isEmpty)
    }

    @Test func whatCameFromOthersIsNotPushed() {
        _ = node.push(Origin(2).events(3), as: peer)
        #expect(pushes.isEmpty)
    }

    @Test func oneMessageIsUnderWayAtATime() throws {
        for text in ["a", "b", "c"] { node.append(text) }
        #expect(pushes.count == 1)
        answer(try #require(pushes.first).token, .outcomes([.stored]))
        #expect(pushes.map { $0.events.map(\.id) } == [Array(node.disk.ids[1...])])
    }

    @Test func aFailedPushIsRepeatedAfterAWait() throws {
        node.append("a")
        let token = try #require(pushes.first).token
        _ = node.take()
        node.give(.failed(token, .timedOut))
        #expect(pushes.isEmpty)
        node.sleep(.seconds(2))
        #expect(pushes.map { $0.events.map(\.id) } == [node.disk.ids])
    }

    @Test func aRefusedEventIsToldAndNotRepeated() throws {
        node.append("a")
        answer(try #require(pushes.first).token, .outcomes([.refused(.tooEarly)]))
        #expect(node.reports.contains { if case .trouble(peer, _) = $0 { true } else { false } })
        node.sleep(.seconds(300))
        #expect(pushes.isEmpty)
    }

    @Test(arguments: [0, 2])
    func outcomesOfAnotherNumberAreNoAnswer(_ count: Int) throws {
        node.append("a")
        let token = try #require(pushes.first).token
        answer(token, .outcomes(Array(repeating: .stored, count: count)))
        node.sleep(.seconds(2))
        #expect(pushes.count == 1)
    }

    @Test func aPeerWithAStreamIsNotPushedTo() {
        _ = node.ask(.stream(since: nil), as: peer)
        node.append("a")
        #expect(pushes.isEmpty)
    }

    @Test func aRemovedPeerIsNotPushedTo() {
        node.append("a")
        _ = node.operate(.remove(peer))
        _ = node.take()
        node.append("b")
        node.sleep(.seconds(300))
        #expect(pushes.isEmpty)
    }
}
