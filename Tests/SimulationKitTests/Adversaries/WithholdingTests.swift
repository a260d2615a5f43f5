import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Nodes that take and do not give.
@Suite(.timeLimit(.minutes(5)))
struct WithholdingTests {
    @Test func aThirdOfSilentNodesKeepsNothingFromTheOthers() throws {
        var stage = try Stage()
        stage.corrupt(last: 4, .silent)
        let start = stage.world.now
        for node in 8..<12 { stage.world.post("own", at: node, time: start) }
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.p99(since: start) < .seconds(2))
        // What they announced and did not send.
        #expect(stage.tally(\.brokenPromises) > 0)
    }

    @Test func aVictimsEventsComeByOtherWaysThanItsCensors() throws {
        var stage = try Stage()
        stage.corrupt(last: 4, .withhold, victim: 0)
        let start = stage.world.now
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.p99(since: start) < .seconds(2))
    }

    @Test func whoPrunesEverythingHarmsOnlyItself() throws {
        var stage = try Stage()
        stage.corrupt(last: 4, .prune)
        let start = stage.world.now
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.p99(since: start) < stage.calm * 2)
    }

    @Test func whoReadsAByteASecondDelaysNobodyElse() throws {
        var stage = try Stage()
        stage.corrupt(last: 3, .slowloris)
        let start = stage.world.now
        stage.post(for: 8, rate: 40, bytes: 6000)
        #expect(stage.p99(since: start) < stage.calm * 2)
        // A queue was full: from then on it was only told what there is.
        #expect(stage.tally(\.overflows) > 0)
        // What is asked of it is not answered, so nobody keeps it for long.
        stage.run(for: 60)
        #expect(stage.endings(.silent) > 0)
        stage.settle()
        stage.expectTheHonestUnharmed()
    }
}
