import Core
import Federation
import Testing

@Suite(.timeLimit(.minutes(10)))
struct AppendTests {
    private let node = Node(1)

    @Test func anEventIsAcknowledgedOnlyWhenItIsDurable() {
        node.holds = [.store]
        #expect(node.append("one") == nil)
        #expect(node.reports.isEmpty)
        #expect(node.engine.eventCount == 0)
        #expect(node.engine.position == 0)
        node.releaseAll()
        #expect(node.engine.eventCount == 1)
        #expect(node.reports.contains { if case .appended = $0 { true } else { false } })
    }

    @Test func theChainHasNoGapAndNamesItsPredecessors() throws {
        var events: [Event] = []
        for text in ["a", "b", "c"] { events += try #require(node.append(text)) }
        _ = node.take()
        events += try #require(node.append("d", "e"))
        expectChain(events, of: node.id)
        #expect(node.disk.ids == events.map(\.id))
        #expect(node.engine.position == 5)
    }

    private func expectChain(_ events: [Event], of node: NodeID) {
        for (place, event) in events.enumerated() {
            #expect(event.header.origin == node)
            #expect(event.header.sequence == UInt64(place + 1))
            #expect(event.header.previous == (place == 0 ? nil : events[place - 1].id))
            #expect(event.isSigned() && event.bodyMatches)
            if place > 0 { #expect(event.header.time > events[place - 1].header.time) }
        }
    }

    @Test func theChainGoesOnAfterARestart() throws {
        var events = try #require(node.append("a", "b"))
        for text in ["c", "d", "e"] {
            node.restart()
            events += try #require(node.append(text))
        }
        expectChain(events, of: node.id)
        #expect(Set(events.compactMap(\.body?.salt)).count == events.count)
    }

    @Test func aRestartAfterTheClockWentBackKeepsItsOrder() throws {
        var events = try #require(node.append("a"))
        node.wall = node.wall + .seconds(-30)
        node.restart()
        events += try #require(node.append("b"))
        expectChain(events, of: node.id)
    }

    @Test func aClockBehindTheLogRefuses() throws {
        #expect(node.append("a") != nil)
        node.wall = node.wall + .seconds(-61)
        node.restart()
        #expect(node.append("b") == nil)
        #expect(node.failure == .clockBehind)
        #expect(node.engine.eventCount == 1)
        _ = node.take()
        node.wall = node.wall + .seconds(2)
        let next = try #require(node.append("c"))
        #expect(next[0].header.sequence == 2)
    }

    @Test func aFailedStoreLeavesNothingAndReusesTheSequence() throws {
        node.fails = [.store]
        #expect(node.append("lost") == nil)
        #expect(node.failure == .cannotStore)
        #expect(node.engine.eventCount == 0)
        #expect(node.engine.root == Node(2).engine.root)
        node.fails = []
        _ = node.take()
        let events = try #require(node.append("kept"))
        expectChain(events, of: node.id)
        #expect(node.disk.ids == events.map(\.id))
    }

    @Test func aCrashBeforeTheStoreLosesOnlyWhatNobodyWasTold() throws {
        let first = try #require(node.append("a"))
        node.holds = [.store]
        #expect(node.append("b") == nil)
        node.restart(afterStoring: false)
        node.holds = []
        let second = try #require(node.append("c"))
        expectChain(first + second, of: node.id)
    }

    @Test func aCrashAfterTheStoreKeepsTheEvent() throws {
        let first = try #require(node.append("a"))
        node.holds = [.store]
        #expect(node.append("b") == nil)
        node.restart(afterStoring: true)
        node.holds = []
        #expect(node.engine.eventCount == 2)
        let third = try #require(node.append("c"))
        #expect(third[0].header.sequence == 3)
        expectChain(node.disk.entries.map(\.event), of: node.id)
        #expect(first[0].id == node.disk.ids[0])
    }

    @Test func whatArrivesWhileTheDiskIsBusySharesOneCommit() {
        node.holds = [.store]
        for text in ["a", "b", "c", "d", "e"] { node.append(text) }
        #expect(node.held.count == 1)
        node.release()
        #expect(node.held.count == 1)
        node.releaseAll()
        #expect(node.disk.writes == 2)
        #expect(node.engine.eventCount == 5)
        expectChain(node.disk.entries.map(\.event), of: node.id)
        #expect(node.reports.count { if case .appended = $0 { true } else { false } } == 5)
    }

    @Test func oneFailedCommitFailsAllThatShareIt() {
        node.holds = [.store]
        for text in ["a", "b", "c"] { node.append(text) }
        node.release()
        node.fails = [.store]
        node.releaseAll()
        #expect(node.engine.eventCount == 1)
        #expect(node.reports.count { if case .appendFailed = $0 { true } else { false } } == 2)
        node.fails = []
        node.append("d")
        expectChain(node.disk.entries.map(\.event), of: node.id)
        #expect(node.disk.entries.count == 2)
    }

    @Test func onlyHumansThatAreListedSpeakHere() throws {
        let draft = Draft(author: .human("anna"), kind: "message.post", body: [1])
        #expect(node.append([draft]) == nil)
        #expect(node.failure == .notAllowed)
        var settings = Settings.manual
        settings.humans = ["anna"]
        let open = Node(2, settings: settings)
        #expect(try #require(open.append([draft]))[0].header.author == .human("anna"))
        let stranger = Draft(author: .human("anna2"), kind: "message.post", body: [1])
        #expect(open.append([stranger]) == nil)
    }

    @Test func oneBadDraftRefusesTheWholeAppend() {
        let bad = Draft(author: .human("eve"), kind: "message.post", body: [])
        #expect(node.append([.say("good"), bad]) == nil)
        #expect(node.engine.eventCount == 0)
        #expect(node.disk.writes == 0)
    }

    private static let tooMuch: [(String, [Draft], RefusalCode)] = [
        ("nothing", [], .tooLarge),
        ("1001", Array(repeating: .say("x"), count: 1001), .tooLarge),
        (
            "body",
            [Draft(author: .assistant, kind: "k", body: Array(repeating: 0, count: 65_537))],
            .tooLarge
        ),
        ("no kind", [Draft(author: .assistant, kind: "", body: [])], .malformed),
        (
            "kind", [Draft(author: .assistant, kind: String(repeating: "k", count: 65), body: [])],
            .malformed
        ),
        (
            "kind in bytes",
            [Draft(author: .assistant, kind: String(repeating: "é", count: 33), body: [])],
            .malformed
        ),
        (
            "parents",
            [
                Draft(
                    author: .assistant, kind: "k", body: [],
                    parents: (0..<17).map { EventID(words: $0, 0, 0, 0) })
            ], .tooLarge
        ),
    ]

    @Test(arguments: tooMuch.indices)
    func whatIsBeyondALimitIsRefused(_ place: Int) {
        let (name, drafts, code) = Self.tooMuch[place]
        #expect(node.append(drafts) == nil, "\(name)")
        #expect(node.failure == code, "\(name)")
        #expect(node.engine.refusals[code] == 1, "\(name)")
    }

    @Test func whatIsAtALimitIsTaken() throws {
        let parents = (0..<16).map { EventID(words: UInt64($0), 0, 0, 0) }
        let draft = Draft(
            author: .assistant, kind: String(repeating: "k", count: 64),
            body: Array(repeating: 7, count: 65_536), parents: parents.reversed() + [parents[3]])
        let event = try #require(node.append([draft]))[0]
        #expect(event.header.parents == parents)
        #expect(try Event(decoding: event.encoded()) == event)
        _ = node.take()
        #expect(node.append(Array(repeating: .say("x"), count: 1000))?.count == 1000)
    }

    @Test func tooMuchOnItsWayIsBusy() {
        node.holds = [.store]
        for _ in 0..<70 { node.append("x") }
        #expect(node.failure == .busy)
        node.releaseAll()
        #expect(node.engine.eventCount == node.disk.entries.count)
        _ = node.take()
        #expect(node.append("again") != nil)
    }
}

extension Node {
    /// Why the last append was refused.
    fileprivate var failure: RefusalCode? {
        for case .appendFailed(_, let refusal) in reports.reversed() { return refusal.code }
        return nil
    }
}
