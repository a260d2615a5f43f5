import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct ConvergenceTests {
    /// Links of a ring with one chord, so that events take several hops.
    private static func isNear(_ a: Int, _ b: Int) -> Bool {
        let distance = abs(a - b)
        return distance == 1 || distance == 7 || distance == 4
    }

    @Test(arguments: [0, 0.1, 0.3], [1, 2, 3] as [UInt64])
    func pushAndStreamsBringEveryEventEverywhere(loss: Double, seed: UInt64) {
        var world = World.federation(
            8, seed: seed, link: LinkModel(loss: loss), knows: Self.isNear)
        for number in 0..<40 {
            world.post("\(number)", at: number % 8, time: .seconds(Double(number) * 0.1))
        }
        world.goal = 40
        world.run(until: .seconds(1_800)) { $0.reachedGoal.allSatisfy { $0 != nil } }
        #expect(world.hasOneRoot)
        let expected = (0..<40).map(String.init).sorted()
        for node in 0..<8 { #expect(world.texts(of: node) == expected) }
    }

    @Test(arguments: SyncMethod.allCases, [0, 0.1, 0.3])
    func everyMethodMakesAllLogsEqual(method: SyncMethod, loss: Double) throws {
        for seed in [1, 2] as [UInt64] {
            let scenario = Scenario(
                nodes: 8, events: 80, peersPerNode: 3, loss: loss, seed: seed)
            let divergence = Divergence.new(perMille: 100)
            let report = try scenario.prepared([divergence]).run(method, divergence)
            #expect(report.isEqual, "seed \(seed)")
            let outcome = try #require(report.record.outcome)
            #expect(outcome.equalAfter != nil)
            #expect(outcome.isProven == method.proves)
        }
    }

    @Test(arguments: SyncMethod.allCases)
    func anEmptyPeerIsFilledByThoseThatLookBack(method: SyncMethod) throws {
        let scenario = Scenario(nodes: 9, events: 100, peersPerNode: 3)
        let report = try scenario.prepared([.emptyPeer]).run(method, .emptyPeer)
        #expect(report.isEqual == method.isMeant(for: .emptyPeer))
        #expect(report.isPass)
        let record = report.record
        #expect(record.figures[0].delivered == (report.isEqual ? 100 : 0))
        #expect(record.figures.dropFirst().allSatisfy { $0.delivered == 0 })
        #expect(record.catchUp.count == (report.isEqual ? 100 : 0))
        #expect(report.record.outcome?.isProven == method.proves)
    }

    @Test func aFederationInTwoHalvesComesTogetherWhenTheyHearEachOther() {
        var world = World.federation(6)
        world.run(until: .seconds(5))
        world.partition(sides: [0, 0, 0, 1, 1, 1])
        for number in 0..<12 {
            world.post("\(number)", at: number % 6, time: .seconds(6))
        }
        world.run(until: .seconds(200))
        #expect(world.log(of: 0).count == 6)
        #expect(world.log(of: 5).count == 6)
        world.heal()
        world.run(until: .seconds(600)) { $0.log(of: 0).count == 12 && $0.hasOneRoot }
        for node in 0..<6 { #expect(world.log(of: node).count == 12) }
        #expect(world.hasOneRoot)
    }
}
