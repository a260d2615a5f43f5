import Core
import Federation
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ImportTests {
    private let node = Node(1)

    private func run(_ batch: Batch) -> [Outcome]? {
        let token = node.newToken()
        node.give(.importEvents(token, batch))
        for case .imported(token, let outcomes) in node.reports { return outcomes }
        return nil
    }

    @Test func anExportComesBack() throws {
        let whole = Node(1)
        let own = try #require(whole.append("a", "b", "c"))
        let others = Origin(2).events(2)
        let outcomes = run(Batch(own + others))
        #expect(outcomes == Array(repeating: .stored, count: 5))
        #expect(node.disk.ids == (own + others).map(\.id))
        #expect(try #require(node.append("d"))[0].header.sequence == 4)
        #expect(run(Batch(own)) == Array(repeating: .alreadyHeld, count: 3))
    }

    @Test func badEventsAreNamedByTheirPlace() throws {
        let events = Origin(2).events(2)
        var batch = Batch([events[0], try events[1].withForgedSignature()])
        batch.malformed = [1]
        #expect(run(batch) == [.stored, .refused(.malformed), .refused(.badSignature)])
    }

    @Test func itIsAnsweredOnlyWhenItIsDurable() {
        node.holds = [.store]
        #expect(run(Batch(Origin(2).events(1))) == nil)
        node.fails = [.store]
        node.releaseAll()
        #expect(
            node.reports.contains {
                if case .imported(_, [.refused(.cannotStore)]) = $0 { true } else { false }
            })
        #expect(node.engine.eventCount == 0)
    }
}
