import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Events that nobody signed, and events that were changed on their way.
@Suite(.timeLimit(.minutes(5)))
struct ForgeryTests {
    @Test func whoForgesLosesItsLinksAndNothingOfItIsStored() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .forge)
        let start = stage.world.now
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        // The operator sees who was let go, and what was refused.
        #expect(stage.endings(.invalidEvent) > 0)
        #expect(stage.refusedEvents(.badSignature) > 0)
        let times = stage.linkTimes(since: start)
        #expect(!times.isEmpty)
        #expect(times.allSatisfy { $0 < .seconds(2) })
        let bad = Set((9..<12).map { stage.world.id(of: $0) })
        for node in stage.world.honestNodes {
            let neighbors = stage.world.engine(of: node)?.gossip.standing.neighbors ?? []
            #expect(!neighbors.contains { bad.contains($0.node) })
        }
    }

    @Test func whatARelayChangesComesWholeByAnotherWay() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .mutate)
        let start = stage.world.now
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.endings(.invalidEvent) > 0)
        #expect(stage.p99(since: start) < .seconds(3))
    }
}
