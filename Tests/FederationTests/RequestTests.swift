import Core
import Federation
import Testing

/// Who may ask what, and what a wrong question is answered.
@Suite(.timeLimit(.minutes(10)))
struct RequestTests {
    private let node = Node(
        1,
        peers: [
            .active(2), .of(3, .pending), .of(4, .removed), .of(5, .rejected),
        ])
    private let peer = Node.key(2).node

    private static var protected: [Request] {
        [
            .push(Batch()), .pull(since: nil), .stream(since: nil),
            .reconcile(session: 1, message: []), .fetch(session: 1, message: []), .bodies([]),
            .status,
        ]
    }

    @Test(arguments: protected.indices)
    func onlyActivePeersAreServed(_ place: Int) {
        let request = Self.protected[place]
        #expect(node.ask(request, as: nil)?.refusal == .unauthenticated)
        #expect(node.ask(request, as: Node.key(9).node)?.refusal == .unknownPeer)
        #expect(node.ask(request, as: Node.key(3).node)?.refusal == .notActive)
        #expect(node.ask(request, as: Node.key(4).node)?.refusal == .removed)
        #expect(node.ask(request, as: Node.key(5).node)?.refusal == .removed)
        #expect(node.engine.refusals[.unauthenticated] == 1)
        #expect(node.engine.refusals[.removed] == 2)
        // Nothing was read, checked or stored for them.
        #expect(!node.trace.contains { $0.work != nil })
    }

    @Test(arguments: [UInt8(3), 4, 5])
    func everyKnownNodeMayReadItsOwnRecord(_ name: UInt8) {
        let record = node.disk.peer(Node.key(name).node)
        guard case .registration(let state)? = node.ask(.ownRecord, as: Node.key(name).node) else {
            Issue.record("its own record is answered")
            return
        }
        #expect(state.state == record?.state)
        #expect(!state.isApproved)
    }

    @Test func aStrangerHasNoRecord() {
        #expect(node.ask(.ownRecord, as: nil)?.refusal == .unauthenticated)
        #expect(node.ask(.ownRecord, as: Node.key(9).node)?.refusal == .unknownPeer)
        #expect(node.ask(.leave, as: Node.key(9).node)?.refusal == .unknownPeer)
    }

    @Test func whoeverHoldsOurKeyIsReported() {
        #expect(node.ask(.status, as: node.id)?.refusal == .misaddressed)
        #expect(node.alarms.contains(.ownKeyTwice))
    }

    @Test func aLeavingPeerIsRemovedDurably() {
        node.holds = [.store]
        #expect(node.ask(.leave, as: peer) == nil)
        node.releaseAll()
        #expect(node.disk.peer(peer)?.state == .removed)
        #expect(node.ask(.status, as: peer)?.refusal == .removed)
        node.restart()
        #expect(node.ask(.status, as: peer)?.refusal == .removed)
    }

    @Test func statusSaysWhatIsDurable() throws {
        _ = try #require(node.append("a", "b"))
        guard case .status(let status)? = node.ask(.status, as: peer) else {
            Issue.record("a status is answered")
            return
        }
        #expect(status.log == node.disk.id)
        #expect(status.position == 2)
        #expect(status.eventCount == 2)
        #expect(status.root == node.engine.root)
        #expect(status.missingBodies == 0)
    }

    @Test func aCursorFromNowhereIsReset() throws {
        node.append("a", "b")
        let other = try #require(LogID(bytes: [UInt8](repeating: 9, count: 16)))
        for cursor in [
            Cursor(log: other, position: 0), Cursor(log: other, position: 1),
            Cursor(log: node.disk.id, position: 3),
            Cursor(log: node.disk.id, position: Limits.integer),
        ] {
            #expect(node.ask(.pull(since: cursor), as: peer)?.refusal == .cursorReset)
            #expect(node.ask(.stream(since: cursor), as: peer)?.refusal == .cursorReset)
        }
        let end = Cursor(log: node.disk.id, position: 2)
        #expect(node.ask(.pull(since: end), as: peer)?.page?.isEnd == true)
    }

    @Test func pagesFollowEachOtherToTheEnd() throws {
        let drafts = (0..<1000).map { Draft.say("event \($0)") }
        _ = node.append(drafts)
        _ = node.append(Array(drafts[..<5]))
        var since: Cursor?
        var got: [EventID] = []
        var pages = 0
        repeat {
            let page = try #require(node.ask(.pull(since: since), as: peer)?.page)
            got += page.events.events.map(\.id)
            since = page.next
            pages += 1
            #expect(page.isEnd == (got.count == 1005))
        } while got.count < 1005 && pages < 10
        #expect(got == node.disk.ids)
        #expect(pages == 3)
    }

    @Test func aPageOfLargeEventsStaysSmall() throws {
        let draft = Draft(author: .assistant, kind: "k", body: Array(repeating: 1, count: 60_000))
        _ = node.append(Array(repeating: draft, count: 40))
        let page = try #require(node.ask(.pull(since: nil), as: peer)?.page)
        #expect(page.events.count < 20)
        #expect(!page.isEnd)
        #expect(page.next.position == UInt64(page.events.count))
        #expect(Response.page(page).encoded().count <= MessageLimits.messageBytes)
    }

    @Test func whatTheReaderSentIsLeftOutAndPassed() throws {
        let origin = Origin(2)
        _ = node.push(origin.events(3), as: peer)
        let own = try #require(node.append("mine"))
        let since = Cursor(log: node.disk.id, position: 1)
        let page = try #require(node.ask(.pull(since: since), as: peer)?.page)
        #expect(page.events.events == own)
        #expect(page.next.position == 4)
        #expect(page.isEnd)
    }

    @Test func aReaderFromTheStartGetsAllOnEveryPage() throws {
        let origin = Origin(2)
        for _ in 0..<3 { _ = node.push(origin.events(400), as: peer) }
        var since: Cursor?
        var got = 0
        for _ in 0..<3 {
            let page = try #require(node.ask(.pull(since: since), as: peer)?.page)
            got += page.events.count
            since = page.next
        }
        #expect(got == 1200)
    }

    @Test func aPageThatHoldsNothingStillMoves() throws {
        _ = node.push(Origin(2).events(3), as: peer)
        let since = Cursor(log: node.disk.id, position: 1)
        let page = try #require(node.ask(.pull(since: since), as: peer)?.page)
        #expect(page.events.count == 0)
        #expect(page.next.position == 3)
    }

    @Test func aLogThatCanNotBeReadIsSaid() {
        node.append("a")
        node.fails = [.load]
        #expect(node.ask(.pull(since: nil), as: peer)?.refusal == .cannotStore)
        #expect(node.ask(.bodies(node.disk.ids), as: peer)?.refusal == .cannotStore)
    }

    @Test func bodiesAreGivenWhereTheyAreHeld() throws {
        let events = Origin(2).events(2)
        _ = node.push([events[0], events[1].withoutBody], as: peer)
        let ids = events.map(\.id) + [.zero]
        guard case .events(let batch)? = node.ask(.bodies(ids), as: peer) else {
            Issue.record("bodies are answered by events")
            return
        }
        #expect(batch.events == [events[0]])
    }

    @Test func unknownSessionsAreGone() {
        #expect(node.ask(.fetch(session: 7, message: []), as: peer)?.refusal == .sessionGone)
        #expect(
            node.ask(.reconcile(session: 7, message: [9, 9]), as: peer)?.refusal == .sessionGone)
    }

    @Test(arguments: Seeds.upTo(5))
    func randomReconcileBytesAreNoCrash(seed: UInt64) {
        var dice = Dice(seed: seed)
        _ = node.append((0..<50).map { Draft.say("\($0)") })
        for _ in 0..<300 {
            let message = (0..<dice.below(60)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            let session = UInt64(dice.below(4))
            let request: Request =
                dice.below(2) == 0
                ? .reconcile(session: session, message: message)
                : .fetch(session: session, message: message)
            #expect(node.ask(request, as: peer) != nil, "seed \(seed)")
        }
    }

    @Test func streamsAreBounded() {
        let keys = (0..<257).map { NodeID(words: UInt64($0 + 1), 5, 5, 5) }
        let records = keys.map {
            PeerRecord(node: $0, state: .active, approval: .byOperator, isApprovedThere: true)
        }
        let crowded = Node(1, peers: records)
        for key in keys.dropLast() {
            #expect(crowded.ask(.stream(since: nil), as: key)?.page != nil)
        }
        #expect(crowded.ask(.stream(since: nil), as: keys[256])?.refusal == .busy)
        #expect(crowded.ask(.stream(since: nil), as: keys[0])?.page != nil)
    }

    @Test func anAnswerThatNobodyAskedForIsIgnored() {
        let before = node.engine.root
        for number in [UInt64(0), 1, 77, .max] {
            let token = Token(number: number)
            node.give(.stored(token))
            node.give(.storeFailed(token, "x"))
            node.give(.verified(token, [true, true]))
            node.give(.loaded(token, .events([])))
            node.give(.failed(token, .timedOut))
            node.give(.closed(token, nil))
            node.give(.response(token, from: peer, tlsKey: .zero, .events(Batch())))
            node.give(.drained(Exchange(number: number)))
            node.give(.abandoned(Exchange(number: number)))
        }
        #expect(node.engine.root == before)
        #expect(node.trace.isEmpty)
    }
}
