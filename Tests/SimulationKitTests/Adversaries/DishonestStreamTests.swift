import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// Small federations have no links: what is dishonest there comes by streams, pushes and sessions.
@Suite(.timeLimit(.minutes(5)))
struct DishonestStreamTests {
    /// Kinds that do something where there are no links.
    private static let kinds: [AdversaryKind] = [
        .forge, .mutate, .replay, .clock, .equivocate, .rollback, .withhold, .rootLie, .slowloris,
        .joinstorm,
    ]

    @Test(arguments: kinds)
    func theHonestHoldTheSameWithoutLinksToo(_ kind: AdversaryKind) {
        var stage = Stage.withoutLinks
        stage.corrupt(last: 2, kind)
        let start = stage.world.now
        stage.post(for: 6)
        #expect(stage.p99(since: start) < .seconds(1))
        stage.settle(for: 90)
        stage.expectTheHonestUnharmed()
    }
}
