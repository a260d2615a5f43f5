import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Nodes that contradict themselves, the clock, or their own log.
@Suite(.timeLimit(.minutes(5)))
struct LiarTests {
    private static func equivocations(_ stage: Stage) -> [Int] {
        stage.world.honestNodes.map { stage.world.engine(of: $0)?.equivocationCount ?? 0 }
    }

    @Test func twoEventsForOnePlaceAreEvidenceAtEveryHonestNode() throws {
        var stage = try Stage()
        stage.corrupt(last: 2, .equivocate)
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        let signedTwice = stage.world.adversaryActs(of: 10) + stage.world.adversaryActs(of: 11)
        #expect(Self.equivocations(stage).allSatisfy { $0 == signedTwice })
    }

    @Test func whoGoesBackToAnOldDiskSignsTwiceAndAllKnow() throws {
        var stage = try Stage()
        stage.corrupt(last: 2, .rollback)
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        // Three places each.
        #expect(Self.equivocations(stage).allSatisfy { $0 == 6 })
    }

    @Test func eventsOfTimesToComeMoveNoClock() throws {
        var stage = try Stage()
        stage.corrupt(last: 2, .clock)
        stage.post(for: 8)
        let limit = (stage.world.wall + Limits.clockAhead).microseconds
        for node in stage.world.honestNodes {
            #expect(stage.world.log(of: node).clock.physical <= limit)
            #expect(stage.world.engine(of: node)?.asideCount ?? 0 > 0)
        }
        // It may be an honest clock that is wrong: the link stays.
        #expect(stage.endings(.invalidEvent) == 0)
        #expect(stage.refusedEvents(.tooEarly) > 0)
        // What was a minute ahead is due, and everybody's.
        stage.settle()
        stage.expectTheHonestUnharmed()
    }

    @Test func liesInSessionsKeepNobodyFromTheOthers() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .rootLie)
        let start = stage.world.now
        stage.post(for: 8)
        stage.run(for: 22)
        #expect(stage.p99(since: start) < .seconds(1))
        #expect(stage.troubles.contains { $0.contains("the session failed") })
        #expect(stage.refusals(.malformed) > 0)
        stage.settle()
        stage.expectTheHonestUnharmed()
    }
}
