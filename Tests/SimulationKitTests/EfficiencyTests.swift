import Core
import Foundation
import Testing

@testable import SimulationKit

/// What fixed seeds cost stands in a fixture, so that a change shows in review. `UPDATE_FIXTURES=1`
/// writes it anew.
@Suite(.timeLimit(.minutes(5)))
struct EfficiencyTests {
    @Test func theBytesOfFixedSeedsAreThoseOfTheFixture() throws {
        let lines = try simulated() + compared()
        let text = lines.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_FIXTURES"] != nil {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/efficiency.txt")
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let url = try #require(
            Bundle.module.url(forResource: "Fixtures/efficiency", withExtension: "txt"))
        let fixture = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == fixture.count)
        for (line, pinned) in zip(lines, fixture) { #expect(line == pinned) }
    }

    private func simulated() throws -> [String] {
        let prepared = try Scenario(nodes: 8, events: 200, peersPerNode: 3).prepared()
        return prepared.divergences.flatMap { divergence in
            SyncMethod.frontPage.map { method in
                let record = prepared.run(method, divergence).record
                return "simulate nodes 8 events 200 peers 3 seed 1 new \(divergence.name):"
                    + " \(method.rawValue) overhead \(record.bytes.overhead)"
                    + " events \(record.bytes[.events]) messages \(record.messages)"
                    + " round trips \(record.roundTrips)"
                    + " sessions \(record.outcome?.sessions ?? 0)"
            }
        }
    }

    private func compared() throws -> [String] {
        var lines: [String] = []
        for placement in CompareScenario.Placement.allCases {
            for different in [0, 1, 10, 100] {
                let scenario = CompareScenario(
                    items: 10_000, different: different, placement: placement)
                let mst = try scenario.run([.ours]) { .zero }.results[0]
                lines.append(
                    "compare items 10000 different \(different) \(placement.rawValue) seed 1: mst"
                        + " bytes \(mst.bytes) round trips \(mst.roundTrips)")
            }
        }
        return lines
    }

    @Test func theTreeCostsAFiftiethOfNaiveAtMost() throws {
        let divergence = Divergence.new(perMille: 10)
        let prepared = try Scenario(nodes: 10, events: 1_000, peersPerNode: 4).prepared(
            [divergence])
        let naive = prepared.run(.naive, divergence).record
        let tree = prepared.run(.mst, divergence).record
        let gossip = prepared.run(.gossipMST, divergence).record
        #expect(tree.outcome?.isProven == true)
        #expect(gossip.outcome?.isProven == true)
        #expect(tree.bytes.overhead * 50 <= naive.bytes.overhead)
        #expect(gossip.bytes.overhead * 50 <= naive.bytes.overhead)
    }
}
