import Core
import Federation
import Testing

/// Reading a peer's log.
@Suite(.timeLimit(.minutes(10)))
struct DownloadTests {
    private let peer = Node.key(2).node
    private let origin = Origin(2)
    private let node: Node
    private let log: LogID

    init() throws {
        log = try #require(LogID(bytes: [UInt8](repeating: 2, count: 16)))
        node = Node(
            1, peers: [.active(2, cursor: Cursor(log: log, position: 10))], settings: .automatic)
        node.sleep(.seconds(1))
    }

    private func cursor(_ position: UInt64) -> Cursor { Cursor(log: log, position: position) }

    private func page(_ position: UInt64, _ events: [Event], isEnd: Bool = true) -> Page {
        Page(next: cursor(position), isEnd: isEnd, events: Batch(events))
    }

    /// The stream that is open now.
    private func stream() throws -> Token { try #require(node.opens.last).token }

    @Test func itGoesOnFromTheDurableCursor() throws {
        #expect(node.opens.map(\.since) == [cursor(10)])
        #expect(node.opens.first?.to.node == peer)
    }

    @Test func theCursorMovesOnlyWhenThePageIsDurable() throws {
        node.holds = [.store]
        node.give(.page(try stream(), page(12, origin.events(2))))
        #expect(node.disk.peer(peer)?.cursor == cursor(10))
        #expect(node.engine.peerRecords.first?.cursor == cursor(10))
        node.releaseAll()
        #expect(node.disk.peer(peer)?.cursor == cursor(12))
        #expect(node.engine.peerRecords.first?.cursor == cursor(12))
        #expect(node.engine.eventCount == 2)
    }

    @Test func theCursorAndTheEventsAreOneTransaction() throws {
        node.give(.page(try stream(), page(12, origin.events(2))))
        let writes = node.trace.compactMap {
            if case .store(_, let write) = $0 { write } else { nil }
        }
        #expect(writes.count == 1)
        #expect(writes.first?.entries.count == 2)
        #expect(writes.first?.peers.first?.cursor == cursor(12))
    }

    @Test func anEmptyPageMovesTheCursorToo() throws {
        node.give(.page(try stream(), page(500, [])))
        #expect(node.disk.peer(peer)?.cursor == cursor(500))
    }

    @Test func theNextPageMayTravelWhileThisOneIsStored() throws {
        let stream = try stream()
        node.holds = [.verify, .store]
        node.give(.page(stream, page(12, origin.events(2), isEnd: false)))
        #expect(!node.out.contains(.proceed(stream)))
        node.release()
        #expect(node.out.contains(.proceed(stream)))
        node.give(.page(stream, page(14, origin.events(2))))
        node.releaseAll()
        #expect(node.disk.peer(peer)?.cursor == cursor(14))
        #expect(node.engine.eventCount == 4)
    }

    @Test func aSlowDiskHoldsThePagesBack() throws {
        let stream = try stream()
        node.holds = [.store]
        var pages: UInt64 = 0
        while node.out.contains(.proceed(stream)) || pages == 0, pages < 200 {
            _ = node.take()
            pages += 1
            node.give(.page(stream, page(10 + pages, origin.events(1), isEnd: false)))
        }
        #expect(pages < 200, "what is on its way to the disk is bounded")
        node.releaseAll()
        #expect(node.out.contains(.proceed(stream)))
        #expect(node.engine.eventCount == Int(pages))
        #expect(node.disk.peer(peer)?.cursor == cursor(10 + pages))
    }

    @Test func badEventsAreRefusedAloneAndPassed() throws {
        let events = origin.events(3)
        let forged = try events[1].withForgedSignature()
        var page = page(13, [events[0], forged, events[2]])
        page.events.malformed = [1]
        node.give(.page(try stream(), page))
        #expect(node.disk.ids == [events[0].id, events[2].id])
        #expect(node.disk.peer(peer)?.cursor == cursor(13))
        #expect(node.disk.refused.map(\.id) == [forged.id])
        #expect(node.reports.contains(.refused(nil, sender: peer, .malformed)))
    }

    @Test func aFailedStoreReadsAgainFromTheDurableCursor() throws {
        let stream = try stream()
        node.holds = [.store]
        let events = origin.events(4)
        node.give(.page(stream, page(12, Array(events[..<2]), isEnd: false)))
        node.give(.page(stream, page(14, Array(events[2...]))))
        node.fails = [.store]
        node.release()
        #expect(node.out.contains(.cancel(stream)))
        node.fails = []
        node.releaseAll()
        #expect(node.engine.eventCount == 0, "the second page must not pass the first one")
        #expect(node.disk.peer(peer)?.cursor == cursor(10))
        node.give(.page(stream, page(14, events)))
        #expect(node.engine.eventCount == 0, "the stream was let go")
        _ = node.take()
        node.sleep(.seconds(3))
        #expect(node.opens.map(\.since) == [cursor(10)])
        node.give(.page(try self.stream(), page(14, events)))
        #expect(node.disk.peer(peer)?.cursor == cursor(14))
        #expect(node.engine.eventCount == 4)
    }

    @Test func aFullDiskIsNotAskedWithoutEnd() throws {
        node.fails = [.store]
        node.give(.page(try stream(), page(12, origin.events(2))))
        let stores = node.trace.count { $0.work == .store }
        #expect(stores <= 2)
        for _ in 0..<100 { node.sleep(.milliseconds(100)) }
        #expect(node.trace.count { $0.work == .store } < 30)
        node.fails = []
        node.sleep(.seconds(120))
        #expect(node.opens.last?.since == cursor(10))
    }

    @Test func aBrokenStreamIsOpenedAgainAfterAWait() throws {
        node.give(.closed(try stream(), .unreachable("gone")))
        _ = node.take()
        #expect(node.opens.isEmpty)
        let deadline = try #require(node.engine.nextDeadline)
        #expect(deadline > node.now)
        node.sleep(deadline - node.now)
        #expect(node.opens.map(\.since) == [cursor(10)])
    }

    @Test func waitsGrowAndStayBelowTwoMinutes() throws {
        var waits: [Duration] = []
        for _ in 0..<12 {
            node.give(.closed(try stream(), .timedOut))
            _ = node.take()
            var waited = Duration.zero
            while node.opens.isEmpty, waited < .seconds(300) {
                node.sleep(.milliseconds(250))
                waited += .milliseconds(250)
            }
            waits.append(waited)
        }
        #expect(waits[0] < .seconds(3))
        #expect(waits[11] > .seconds(30))
        #expect(waits.allSatisfy { $0 < .seconds(120) })
    }

    /// Two processes under one key close each other's streams; that must not become a race.
    @Test func aStreamThatIsEndedCleanlyIsNotOpenedAgainAtOnce() throws {
        for _ in 0..<50 {
            guard let open = node.opens.last else { break }
            _ = node.take()
            node.give(.page(open.token, page(10, [])))
            node.give(.closed(open.token, nil))
        }
        #expect(node.trace.count { if case .open = $0 { true } else { false } } < 5)
        node.sleep(.seconds(30))
        #expect(!node.opens.isEmpty)
    }

    @Test func aResetCursorIsForgottenAndTheLogsAreCompared() throws {
        node.append("mine")
        node.give(.closed(try stream(), .refused(Refusal(.cursorReset))))
        _ = node.take()
        node.sleep(.seconds(5))
        #expect(node.disk.peer(peer)?.cursor == nil)
        #expect(node.sends.contains { $0.request == .status })
    }

    @Test func aPageOfAnotherStreamIsIgnored() throws {
        node.give(.page(Token(number: 999), page(99, origin.events(1))))
        #expect(node.engine.eventCount == 0)
        #expect(node.disk.peer(peer)?.cursor == cursor(10))
    }

    /// The store of a page fails after its stream was replaced: the new stream goes on.
    @Test func aLateFailureDoesNotDisturbTheNextStream() throws {
        let first = try stream()
        node.holds = [.store]
        node.give(.page(first, page(12, origin.events(2))))
        node.give(.closed(first, nil))
        node.sleep(.seconds(120))
        let second = try stream()
        #expect(second != first)
        node.fails = [.store]
        node.release()
        node.fails = []
        node.releaseAll()
        node.sleep(.seconds(120))
        let open = node.trace.count { if case .open = $0 { true } else { false } }
        let cancelled = node.trace.count { if case .cancel = $0 { true } else { false } }
        #expect(open - cancelled - 1 <= 1, "at most one stream is open")
        let current = try stream()
        node.give(.page(current, page(12, [])))
        #expect(node.out.contains(.proceed(current)))
    }

    @Test func aRemovedPeersStreamIsLetGo() throws {
        let stream = try stream()
        node.holds = [.verify]
        node.give(.page(stream, page(12, origin.events(2))))
        _ = node.operate(.remove(peer))
        #expect(node.out.contains(.cancel(stream)))
        node.releaseAll()
        #expect(node.disk.peer(peer)?.state == .removed)
        #expect(node.disk.peer(peer)?.cursor == cursor(10))
        node.sleep(.seconds(300))
        #expect(node.opens.count == 1)
    }

    @Test func oneEventFromAllSidesIsStoredOnce() throws {
        let events = origin.events(3)
        node.holds = [.verify, .store]
        let token = node.newToken()
        node.give(.operate(token, .pull(peer, fromStart: true)))
        let pull = try #require(node.sends.last).token
        node.give(.page(try stream(), page(13, events)))
        node.give(.response(pull, from: peer, tlsKey: .zero, .page(page(3, events))))
        _ = node.ask(.push(Batch(events)), as: peer)
        node.give(.importEvents(node.newToken(), Batch(events)))
        // The disk complains where an event is stored twice.
        while !node.held.isEmpty { node.release(node.held.count - 1) }
        node.releaseAll()
        #expect(node.disk.entries.count == 3)
        #expect(node.engine.eventCount == 3)
        guard case .synced? = node.result(of: token) else {
            Issue.record("the pull ends")
            return
        }
    }

    @Test func logsAreComparedSoonAfterTheyCameToRest() throws {
        node.give(.page(try stream(), page(11, [origin.event()])))
        #expect(!node.sends.contains { if case .reconcile = $0.request { true } else { false } })
        node.sleep(.seconds(2))
        #expect(node.sends.contains { if case .reconcile = $0.request { true } else { false } })
    }
}
