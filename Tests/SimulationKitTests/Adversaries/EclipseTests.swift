import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Many against one.
@Suite(.timeLimit(.minutes(5)))
struct EclipseTests {
    /// Two thirds of all that the victim knows are against it, and take its links as it starts.
    @Test func aVictimOfTwoThirdsStillHoldsWhatTheHonestHold() throws {
        var stage = try Stage(24)
        stage.corrupt(last: 16, .eclipse, victim: 0)
        stage.world.crash(0)
        stage.run(for: 5)
        stage.world.start(0)
        stage.run(for: 5)
        let neighbors = stage.badNeighbors(of: 0)
        #expect(neighbors.bad * 4 > neighbors.all * 3)
        #expect(neighbors.bad < neighbors.all)
        stage.post(for: 8)
        // Two visits of a random peer.
        stage.run(for: 60) { Stage.isEqual($0) }
        #expect(Stage.isEqual(stage.world))
        stage.settle()
        stage.expectTheHonestUnharmed()
    }
}
