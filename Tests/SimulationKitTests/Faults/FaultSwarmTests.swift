import Core
import Federation
import Testing

@testable import SimulationKit

/// Everything goes wrong at once, as the dice have it; then nothing does.
@Suite(.timeLimit(.minutes(10)))
struct FaultSwarmTests {
    private static let nodes = 6

    private static func draw(_ dice: inout Dice, losesDisks: Bool) -> Fault {
        let node = dice.below(nodes)
        switch dice.below(losesDisks ? 16 : 13) {
        case 0: return .crash(node)
        case 1, 2: return .start(node, from: .kept)
        case 3: return .pause(node)
        case 4: return .resume(node)
        case 5: return .disconnect(node)
        case 6: return .partition((0..<nodes).map { _ in dice.below(2) })
        case 7: return .mute(from: [node], to: [dice.below(nodes), dice.below(nodes)])
        case 8: return .heal
        case 9: return .network(network(&dice))
        case 10: return .clock(node, clock(&dice))
        case 11:
            let paces: [Int?] = [nil, 1_000, 50_000]
            return .slowReader(node, bytesPerSecond: paces[dice.below(3)])
        case 12:
            let disks: [DiskFault?] = [nil, .full, .tears, .slow(.milliseconds(700))]
            return .disk(node, disks[dice.below(4)])
        case 13: return .disk(node, .losesLast(.seconds(2)))
        case 14: return .backUp(node)
        default: return .start(node, from: dice.below(2) == 0 ? .empty : .backup)
        }
    }

    private static func network(_ dice: inout Dice) -> LinkModel {
        let lines = [Bandwidth.unbounded, Bandwidth(up: 30_000, down: 60_000)]
        return LinkModel(
            latency: .uniform(.milliseconds(1)...(.milliseconds(Int64(2 + dice.below(300))))),
            isConstant: dice.below(2) == 0, loss: [0, 0.05, 0.3][dice.below(3)],
            bursts: dice.below(2) == 0 ? nil : BurstLoss(enter: 0.02, leave: 0.3, loss: 0.9),
            duplication: [0, 0.2][dice.below(2)],
            reordering: dice.below(2) == 0 ? nil : Reordering(share: 0.1),
            bandwidth: lines[dice.below(2)])
    }

    private static func clock(_ dice: inout Dice) -> ClockFault {
        switch dice.below(5) {
        case 0: .right
        case 1: .frozen
        case 2: .drift(partsPerMillion: dice.below(2_000_000) - 1_000_000)
        case 3: .offset(.seconds(Int64(dice.below(20)) - 10))
        default: .offset(.seconds(Int64(dice.below(400)) - 200))
        }
    }

    /// A minute of faults, each some hundred milliseconds after the last one, while all post.
    private static func run(_ seed: UInt64, hasLinks: Bool, losesDisks: Bool) -> Simulation {
        var dice = Seeds(seed).dice("fault swarm")
        var world = Simulation.federation(of: nodes, seed: seed, hasLinks: hasLinks)
        for number in 0..<100 {
            world.post(
                "\(number)", at: dice.below(nodes),
                time: world.now + .milliseconds(600 * Int64(number)))
        }
        let start = world.now
        for number in 0..<120 as Range<Int64> {
            world.schedule(
                draw(&dice, losesDisks: losesDisks), at: start + .milliseconds(500 * number))
        }
        for _ in 0..<60 {
            world.run(until: world.now + .seconds(1))
            let accounting = world.accounting
            #expect(accounting.isBalanced, "\(accounting) at \(world.now), seed \(seed)")
        }
        return world
    }

    private static func end(_ world: inout Simulation) {
        world.apply(.heal)
        world.apply(.network(LinkModel()))
        for node in 0..<nodes {
            for fault: Fault in [
                .resume(node), .clock(node, .right), .disk(node, nil), .start(node, from: .kept),
                .slowReader(node, bytesPerSecond: nil),
            ] {
                world.apply(fault)
            }
        }
        let end = world.now
        // What was signed by clocks that were far ahead is due within some minutes.
        world.run(until: end + .seconds(300))
        world.run(until: end + .seconds(1_800)) { $0.hasOneRoot && $0.isQuiet }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>, [false, true])
    func nodesKeepTheirWordWhateverGoesWrong(seed: UInt64, hasLinks: Bool) {
        var world = Self.run(seed, hasLinks: hasLinks, losesDisks: false)
        Self.end(&world)
        let isEqual = world.hasOneRoot
        #expect(isEqual, "seed \(seed)")
        #expect(world.faults.count { $0.hadEffect } > 80)
        #expect((0..<Self.nodes).reduce(0) { $0 + world.appended(at: $1).count } > 40)
        let held = Set(world.log(of: 0).entries.map(\.event.id))
        for node in 0..<Self.nodes {
            for id in world.appended(at: node) { #expect(held.contains(id), "seed \(seed)") }
            #expect(world.log(of: node).equivocations.isEmpty, "seed \(seed)")
            #expect(world.log(of: node).alarms.isEmpty, "seed \(seed)")
        }
        let accounting = world.accounting
        #expect(accounting.isBalanced && world.pausedNodes == 0)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>, [false, true])
    func nodesThatLoseTheirDisksBecomeEqualToo(seed: UInt64, hasLinks: Bool) {
        var world = Self.run(seed, hasLinks: hasLinks, losesDisks: true)
        Self.end(&world)
        let isEqual = world.hasOneRoot
        #expect(isEqual, "seed \(seed)")
    }

    @Test func oneSeedGivesOneTrace() {
        let traces = (0..<2).map { _ in
            Self.run(9, hasLinks: true, losesDisks: true).traceHash
        }
        #expect(traces[0] == traces[1])
        let other = Self.run(10, hasLinks: true, losesDisks: true).traceHash
        #expect(other != traces[0])
    }

    @Test func aForkOfAWorldInTroubleGoesTheSameWay() {
        var world = Self.run(11, hasLinks: true, losesDisks: false)
        var fork = world
        Self.end(&world)
        Self.end(&fork)
        #expect(world.traceHash == fork.traceHash)
    }
}
