import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

/// What all kinds have in common.
@Suite(.timeLimit(.minutes(5)))
struct AdversaryTests {
    private static func run(_ kind: AdversaryKind) throws -> Digest {
        var stage = try Stage(8)
        stage.corrupt(last: 2, kind)
        stage.post(for: 2)
        return stage.world.traceHash
    }

    @Test(arguments: AdversaryKind.allCases)
    func oneSeedGivesOneTrace(_ kind: AdversaryKind) throws {
        #expect(try Self.run(kind) == Self.run(kind))
    }

    @Test func itIsKnownWhoIsDishonestAndSinceWhen() throws {
        var stage = try Stage(8)
        #expect(stage.world.honestNodes == Array(0..<8))
        stage.world.corrupt(2, .forge)
        let since = stage.world.now
        stage.run(for: 2)
        #expect(!stage.world.isHonest(2))
        #expect(stage.world.honestNodes == [0, 1, 3, 4, 5, 6, 7])
        #expect(stage.world.dishonesty(of: 2)?.kind == .forge)
        #expect(stage.world.dishonesty(of: 2)?.since == since)
        #expect(stage.world.dishonesty(of: 1) == nil)
        let acts = stage.world.adversaryActs(of: 2)
        #expect(acts > 0)
        #expect(stage.world.adversaryActs(of: 1) == 0)
        stage.world.reform(2)
        stage.run(for: 5)
        #expect(stage.world.adversaryActs(of: 2) == acts)
        #expect(!stage.world.isHonest(2))
    }

    @Test func everyKindSaysWhatItDoesInOneLine() {
        for kind in AdversaryKind.allCases {
            #expect(!kind.summary.isEmpty)
            #expect(!kind.summary.contains("\n"))
            #expect(kind.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        }
        #expect(
            Set(AdversaryKind.allCases.map(\.summary)).count == AdversaryKind.allCases.count)
    }
}
