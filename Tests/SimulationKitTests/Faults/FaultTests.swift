import Core
import Federation
import Gossip
import Testing

@testable import SimulationKit

extension Simulation {
    /// A small federation that has found itself, by links or by streams.
    static func federation(
        of count: Int, seed: UInt64 = 1, hasLinks: Bool, link: LinkModel = LinkModel()
    ) -> Simulation {
        var world = World.federation(
            count, seed: seed, link: link, gossip: GossipSettings(mode: hasLinks ? .on : .off))
        for node in 0..<count { world.post("first of \(node)", at: node, time: .seconds(5)) }
        world.run(until: .seconds(20))
        return world
    }

    /// Lets time pass until all that are up hold the same, and nothing is under way; at most so
    /// many seconds.
    mutating func settle(within seconds: Int64) {
        run(until: now + .seconds(seconds)) { $0.hasOneRoot && $0.isQuiet }
    }

    /// What a node's operator was told since `start`.
    func told(_ node: Int, since start: Instant = .zero) -> [Report] {
        reports.filter { $0.node == node && $0.time >= start }.map(\.report)
    }

    /// Why posts at a node were refused.
    func refusals(at node: Int, since start: Instant = .zero) -> [Refusal] {
        told(node, since: start).compactMap { report in
            if case .appendFailed(_, let refusal) = report { refusal } else { nil }
        }
    }

    func alarms(at node: Int) -> [Alarm.Kind] { log(of: node).alarms.map(\.kind) }
}

@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    @Test func aFaultHappensWhenItIsDueAndIsRecorded() {
        var world = World.federation(3)
        world.schedule(.crash(1), at: .seconds(2))
        world.schedule(.crash(1), at: .seconds(3))
        world.schedule(.start(1, from: .kept), at: .seconds(4))
        world.schedule(.start(1, from: .backup), at: .seconds(5))
        world.apply(.pause(7))
        world.run(until: .seconds(2.5))
        #expect(!world.isUp(1))
        world.run(until: .seconds(6))
        #expect(world.isUp(1))
        #expect(world.faults.map(\.hadEffect) == [false, true, false, true, false])
        #expect(
            world.faults.map(\.time) == [.zero, .seconds(2), .seconds(3), .seconds(4), .seconds(5)])
        #expect(world.faults[1].fault == .crash(1))
    }

    @Test(arguments: [false, true])
    func aPausedNodeHandlesNothingAndCatchesUp(hasLinks: Bool) {
        var world = Simulation.federation(of: 6, hasLinks: hasLinks)
        let before = world.log(of: 2).count
        world.apply(.pause(2))
        for number in 0..<10 {
            world.post("\(number)", at: number % 2, time: world.now + .seconds(Int64(number)))
        }
        world.post("waits", at: 2, time: world.now + .seconds(1))
        world.run(until: world.now + .seconds(30))
        #expect(world.log(of: 2).count == before)
        #expect(world.isPaused(2))
        #expect(world.traffic(of: 2).pauseHighWater > 0)
        for node in [0, 1, 3, 4, 5] { #expect(world.log(of: node).count == before + 10) }
        world.apply(.resume(2))
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(world.log(of: 2).count == before + 11)
        #expect(world.accounting.isBalanced)
    }

    @Test func aPausedNodeCanBeKilled() {
        var world = Simulation.federation(of: 4, hasLinks: true)
        world.apply(.pause(1))
        world.post("later", at: 0, time: world.now)
        world.post("missed", at: 1, time: world.now)
        world.run(until: world.now + .seconds(3))
        world.apply(.crash(1))
        world.run(until: world.now + .seconds(3))
        #expect(world.accounting.isBalanced)
        world.apply(.start(1, from: .kept))
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(world.texts(of: 1).contains("later"))
        #expect(!world.texts(of: 1).contains("missed"))
        #expect(!world.isPaused(1))
    }

    @Test(arguments: [false, true])
    func aNodeThatChangesItsNetworkIsBackAtOnce(hasLinks: Bool) {
        var world = Simulation.federation(of: 6, hasLinks: hasLinks)
        let start = world.now
        let links = world.engine(of: 3)?.gossip.standing.neighbors.count ?? 0
        if hasLinks { #expect(links > 0) }
        world.apply(.disconnect(3))
        world.post("of the mobile one", at: 3, time: start)
        world.post("of another one", at: 0, time: start)
        world.run(until: start + .milliseconds(200))
        if hasLinks {
            let lost = world.told(3, since: start).filter { report in
                if case .neighbor(_, isUp: false, _) = report { true } else { false }
            }
            #expect(lost.count == links)
        }
        #expect(world.isUp(3))
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        #expect(world.log(of: 3).count == 8)
        #expect(world.accounting.isBalanced)
    }

    @Test func aSlowReaderTakesAsLongAsItsPaceSays() throws {
        var world = Simulation.federation(of: 3, hasLinks: false)
        world.apply(.slowReader(2, bytesPerSecond: 2_000))
        let start = world.now
        for _ in 0..<10 {
            world.post(String(repeating: "x", count: 5_000), at: 0, time: start)
        }
        world.goal = 13
        world.run(until: start + .seconds(300)) { $0.reachedGoal.allSatisfy { $0 != nil } }
        let times = try world.reachedGoal.map { try #require($0) }
        #expect(times[1] - start < .seconds(2))
        // 50 kB of bodies at 2 kB a second.
        #expect(times[2] - start > .seconds(20))
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        world.apply(.slowReader(2, bytesPerSecond: nil))
        world.post("fast", at: 0, time: world.now)
        world.settle(within: 10)
        #expect(world.hasOneRoot)
    }

    @Test func aSlowReaderHoldsItsNeighborsUpAndLosesNothing() {
        var world = Simulation.federation(of: 6, hasLinks: true)
        world.apply(.slowReader(5, bytesPerSecond: 20_000))
        for number in 0..<400 {
            world.post(
                "\(number)" + String(repeating: "x", count: 4_000), at: number % 5,
                time: world.now + .milliseconds(Int64(number) * 20))
        }
        world.run(until: world.now + .seconds(10))
        #expect(world.log(of: 0).count == 406)
        #expect(world.log(of: 5).count < 300)
        #expect(world.traffic(of: 5).socketHighWater <= 512 << 10)
        world.apply(.slowReader(5, bytesPerSecond: nil))
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(world.log(of: 5).count == 406)
    }
}
