import Core
import Federation
import Foundation
import Testing

@testable import SimulationKit

/// Random federations under random faults: what the seed draws is the number of nodes, who knows
/// whom, losses, slow disks, crashes, partitions, and who says what when. `SEED=7` reruns one.
@Suite(.timeLimit(.minutes(5)))
struct SwarmTests {
    private static var seeds: [UInt64] {
        let named = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)
        return named.map { [$0] } ?? Array(1...12)
    }

    @Test(arguments: seeds)
    func afterTheFaultsAllLogsAreEqualAndNothingAcknowledgedIsLost(seed: UInt64) {
        var dice = Seeds(seed).dice("swarm")
        var world = Self.world(seed, &dice)
        Self.talk(&world, &dice)
        Self.harm(&world, &dice)
        let end = world.now + .seconds(3_600)
        while world.now < end && !(world.hasOneRoot && world.isQuiet) {
            world.run(until: world.now + .seconds(10))
        }
        #expect(world.hasOneRoot, "seed \(seed)")
        check(world, seed)
    }

    private func check(_ world: Simulation, _ seed: UInt64) {
        let held = Set(world.log(of: 0).entries.map(\.event.id))
        #expect(!held.isEmpty)
        for node in 0..<world.nodeCount {
            for id in world.appended(at: node) { #expect(held.contains(id), "seed \(seed)") }
            let own = world.log(of: node).entries.map(\.event.header)
                .filter { $0.origin == world.id(of: node) }.map(\.sequence).sorted()
            #expect(own == own.indices.map { UInt64($0 + 1) }, "seed \(seed)")
        }
        for kept in world.reports {
            switch kept.report {
            case .equivocation, .alarm, .refused:
                Issue.record("seed \(seed): node \(kept.node) at \(kept.time): \(kept.report)")
            default: break
            }
        }
    }

    private static func world(_ seed: UInt64, _ dice: inout Dice) -> Simulation {
        let nodes = 2 + dice.below(6)
        let reach = 1 + dice.below(nodes)
        let link = LinkModel(loss: [0, 0.02, 0.1, 0.3][dice.below(4)])
        let costs = CostModel(store: .milliseconds([1, 20, 300][dice.below(3)]))
        return World.federation(nodes, seed: seed, link: link, costs: costs) { a, b in
            let distance = (b - a + nodes) % nodes
            return min(distance, nodes - distance) <= reach
        }
    }

    /// Up to 150 events in twenty seconds.
    private static func talk(_ world: inout Simulation, _ dice: inout Dice) {
        for number in 0..<10 + dice.below(140) {
            world.post(
                "\(number)", at: dice.below(world.nodeCount),
                time: .zero + .milliseconds(dice.below(20_000)))
        }
    }

    /// Crashes, restarts and cuts for twenty seconds; afterwards all are up and hear each other.
    private static func harm(_ world: inout Simulation, _ dice: inout Dice) {
        let crashes = dice.below(2) == 0
        let cuts = dice.below(2) == 0
        while world.now < .seconds(20) {
            world.run(until: world.now + dice.duration(in: .zero...(.milliseconds(1_500))))
            let node = dice.below(world.nodeCount)
            let sides = (0..<world.nodeCount).map { _ in dice.below(2) }
            switch dice.below(4) {
            case 0 where crashes && world.isUp(node): world.crash(node)
            case 0 where crashes: world.start(node)
            case 1 where cuts: world.partition(sides: sides)
            case 2: world.heal()
            default: break
            }
        }
        world.heal()
        for node in 0..<world.nodeCount where !world.isUp(node) { world.start(node) }
    }
}
