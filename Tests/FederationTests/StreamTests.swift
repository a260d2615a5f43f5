import Core
import Federation
import Testing

/// Our log on its way to a reader.
@Suite(.timeLimit(.minutes(10)))
struct StreamTests {
    private let node = Node(1, peers: [.active(2), .active(3)])
    private let peer = Node.key(2).node

    private func cursor(_ position: UInt64) -> Cursor {
        Cursor(log: node.disk.id, position: position)
    }

    private func open(since: Cursor?, as reader: NodeID? = nil) -> Exchange {
        let exchange = node.newExchange()
        node.give(.request(exchange, Caller(node: reader ?? peer), .stream(since: since)))
        return exchange
    }

    /// The pages sent on this stream since the last take.
    private func pages(_ exchange: Exchange) -> [Page] {
        node.replies(to: exchange).compactMap(\.page)
    }

    private func ids(_ exchange: Exchange) -> [EventID] {
        pages(exchange).flatMap { $0.events.events.map(\.id) }
    }

    @Test func historyIsFollowedByWhatIsNew() throws {
        node.append("a", "b")
        let stream = open(since: nil)
        #expect(ids(stream) == node.disk.ids)
        #expect(pages(stream).map(\.isEnd) == [true])
        node.give(.drained(stream))
        #expect(pages(stream).count == 1)
        node.append("c")
        node.give(.drained(stream))
        node.append("d")
        #expect(ids(stream) == node.disk.ids)
        #expect(pages(stream).last?.next == cursor(4))
    }

    @Test func anEmptyLogSaysThatItIsEmpty() throws {
        let stream = open(since: nil)
        let page = try #require(pages(stream).first)
        #expect(page.isEnd)
        #expect(page.next == cursor(0))
        #expect(page.events.count == 0)
    }

    @Test func oneIsNeverSentBeforeTheLastWasTaken() {
        let stream = open(since: nil)
        for text in ["a", "b", "c"] { node.append(text) }
        #expect(pages(stream).count == 1)
        node.give(.drained(stream))
        #expect(pages(stream).count == 2)
        #expect(ids(stream) == node.disk.ids)
    }

    @Test func anEventThatIsStoredDuringALoadIsNotMissed() {
        node.append("a")
        node.holds = [.load]
        let stream = open(since: nil)
        // The load is carried out before the append, its result arrives after it.
        let loaded = node.disk.answer(.page(after: 0, events: 500, bytes: 1 << 20, excluding: nil))
        node.append("b")
        guard case .load(let token, _)? = node.held.first else {
            Issue.record("a page is loaded")
            return
        }
        node.give(.loaded(token, loaded))
        #expect(ids(stream) == [node.disk.ids[0]])
        node.give(.drained(stream))
        node.release(1)
        #expect(ids(stream) == node.disk.ids)
        node.releaseAll()
        #expect(ids(stream) == node.disk.ids)
    }

    @Test func anEventThatIsStoredWhileAPageTravelsIsNotMissed() {
        node.append("a")
        let stream = open(since: nil)
        node.append("b")
        #expect(ids(stream).count == 1)
        node.give(.drained(stream))
        #expect(ids(stream) == node.disk.ids)
    }

    @Test func aLongHistoryComesPageByPage() {
        _ = node.append((0..<900).map { .say("\($0)") })
        _ = node.append((0..<300).map { .say("\($0)") })
        let stream = open(since: nil)
        #expect(pages(stream).map(\.isEnd) == [false])
        node.append("live")
        node.give(.drained(stream))
        node.give(.drained(stream))
        #expect(ids(stream) == node.disk.ids)
        #expect(pages(stream).map(\.isEnd) == [false, false, true])
    }

    @Test func aReaderResumesAtItsCursor() {
        node.append("a", "b", "c")
        let stream = open(since: cursor(2))
        #expect(ids(stream) == [node.disk.ids[2]])
    }

    @Test func aReaderGetsNothingBackOfWhatItSends() {
        node.append("a")
        let stream = open(since: cursor(1))
        node.give(.drained(stream))
        _ = node.push(Origin(2).events(3), as: peer)
        #expect(ids(stream).isEmpty)
        let other = open(since: cursor(1), as: Node.key(3).node)
        #expect(ids(other).count == 3)
    }

    @Test func aSilentStreamMovesItsReaderNowAndThen() throws {
        node.append("a")
        let stream = open(since: cursor(1))
        node.give(.drained(stream))
        _ = node.take()
        let origin = Origin(2)
        for _ in 0..<30 {
            _ = node.push(origin.events(10), as: peer)
            if !pages(stream).isEmpty { break }
        }
        let page = try #require(pages(stream).first)
        #expect(page.events.count == 0)
        #expect(page.next.position > 200)
    }

    @Test func aReaderFromTheStartGetsItsOwnToo() {
        let origin = Origin(2)
        for _ in 0..<3 { _ = node.push(origin.events(400), as: peer) }
        let stream = open(since: nil)
        for _ in 0..<4 { node.give(.drained(stream)) }
        #expect(ids(stream) == node.disk.ids)
    }

    @Test func aSlowReaderIsCutOffAfterThirtySeconds() throws {
        node.append("a")
        let stream = open(since: nil)
        #expect(node.engine.nextDeadline == node.now + .seconds(30))
        node.sleep(.seconds(29))
        #expect(!node.out.contains { if case .close = $0 { true } else { false } })
        node.sleep(.seconds(1))
        let closed = node.out.contains {
            if case .close(stream, let refusal) = $0 { refusal?.code == .busy } else { false }
        }
        #expect(closed)
        #expect(node.engine.nextDeadline == nil)
        _ = node.take()
        node.append("b")
        #expect(pages(stream).isEmpty)
        #expect(ids(open(since: cursor(1))) == [node.disk.ids[1]])
    }

    @Test func aReaderThatTakesItsPagesIsNotCutOff() {
        node.append("a")
        let stream = open(since: nil)
        node.give(.drained(stream))
        node.sleep(.seconds(100))
        #expect(!node.out.contains { if case .close = $0 { true } else { false } })
        node.append("b")
        #expect(ids(stream) == node.disk.ids)
    }

    @Test func aSecondStreamOfOneReaderReplacesTheFirst() {
        node.append("a")
        let first = open(since: nil)
        let second = open(since: nil)
        #expect(node.out.contains(.close(first, nil)))
        node.give(.drained(first))
        node.give(.abandoned(first))
        node.append("b")
        node.give(.drained(second))
        #expect(ids(second) == node.disk.ids)
        #expect(ids(first).count == 1)
    }

    /// A page that was loaded for the first stream must not move the second one's reader past what
    /// it lacks.
    @Test func aLateLoadOfAReplacedStreamIsNotSentOnTheNewOne() throws {
        _ = node.append((0..<6).map { .say("\($0)") })
        node.holds = [.load]
        let first = open(since: cursor(4))
        let second = open(since: cursor(2))
        #expect(node.held.count == 2)
        node.release()
        #expect(pages(first).isEmpty)
        #expect(pages(second).isEmpty)
        node.releaseAll()
        #expect(ids(second) == Array(node.disk.ids[2...]))
        #expect(pages(second).map(\.next) == [cursor(6)])
    }

    @Test func anAbandonedStreamIsForgotten() {
        let stream = open(since: nil)
        node.give(.abandoned(stream))
        _ = node.take()
        node.append("a")
        node.give(.drained(stream))
        node.sleep(.seconds(60))
        #expect(pages(stream).isEmpty)
        #expect(node.engine.nextDeadline == nil)
    }

    @Test func theStreamOfAPeerThatLeavesIsClosed() {
        let stream = open(since: nil)
        _ = node.operate(.remove(peer))
        #expect(
            node.out.contains {
                if case .close(stream, let refusal) = $0 {
                    refusal?.code == .removed
                } else {
                    false
                }
            })
        _ = node.take()
        node.append("secret")
        node.give(.drained(stream))
        #expect(pages(stream).isEmpty)
    }

    @Test func aLogThatCanNotBeReadEndsTheStream() {
        node.fails = [.load]
        let stream = open(since: nil)
        #expect(
            node.out.contains {
                if case .close(stream, let refusal) = $0 {
                    refusal?.code == .cannotStore
                } else {
                    false
                }
            })
    }

    @Test func nothingIsStreamedBeforeItIsDurable() {
        let stream = open(since: nil)
        node.give(.drained(stream))
        node.holds = [.store]
        node.append("a")
        #expect(ids(stream).isEmpty)
        node.fails = [.store]
        node.releaseAll()
        #expect(ids(stream).isEmpty)
    }
}
