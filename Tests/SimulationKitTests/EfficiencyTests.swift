import Core
import Foundation
import Testing

@testable import SimulationKit

/// What fixed seeds cost stands in a fixture, so that a change shows in review. `UPDATE_FIXTURES=1`
/// writes it anew.
@Suite(.timeLimit(.minutes(2)))
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
        let prepared = try Scenario(nodes: 10, events: 300, peersPerNode: 4).prepared()
        return SyncMethod.allCases.map { method in
            let report = prepared.run(method)
            return "simulate nodes 10 events 300 peers 4 seed 1: \(method.rawValue)"
                + " overhead \(report.overheadBytes) events \(report.eventBytes)"
                + " messages \(report.messages) round trips \(report.roundTrips)"
                + " sessions \(report.sessions)"
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

    @Test func theTreeCostsATwentiethOfNaiveAtMost() throws {
        let prepared = try Scenario(nodes: 10, events: 1_000, peersPerNode: 4).prepared()
        let naive = prepared.run(.naive)
        let tree = prepared.run(.mst)
        #expect(tree.converged)
        #expect(tree.overheadBytes * 20 <= naive.overheadBytes)
    }
}
