import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Nodes that take and do not give.
@Suite(.timeLimit(.minutes(5)))
struct WithholdingTests {
    @Test func aThirdOfSilentNodesKeepsNothingFromTheOthers() {
        var stage = Stage()
        stage.corrupt(last: 4, .silent)
        let start = stage.world.now
        for node in 8..<12 { stage.world.post("own", at: node, time: start) }
        stage.post(for: 8)
        stage.settle()
        stage.expectTheHonestUnharmed()
        #expect(stage.p99(since: start) < .seconds(2))
    }
}
