import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct DeterminismTests {
    private func scenario(seed: UInt64) -> Scenario {
        Scenario(nodes: 6, events: 50, peersPerNode: 3, loss: 0.05, seed: seed)
    }

    @Test(arguments: SyncMethod.allCases)
    func oneSeedGivesOneTrace(method: SyncMethod) throws {
        let first = try scenario(seed: 7).prepared([.new(perMille: 100), .emptyPeer])
            .run(method, .new(perMille: 100))
        let second = try scenario(seed: 7).prepared([.new(perMille: 100)])
            .run(method, .new(perMille: 100))
        #expect(first.record.json() == second.record.json())
        #expect(first.traceHash.count == 64)
    }

    @Test(arguments: SyncMethod.allCases)
    func anotherSeedGivesAnotherTrace(method: SyncMethod) throws {
        let first = try scenario(seed: 7).prepared([.new(perMille: 100)])
            .run(method, .new(perMille: 100))
        let second = try scenario(seed: 8).prepared([.new(perMille: 100)])
            .run(method, .new(perMille: 100))
        #expect(first.traceHash != second.traceHash)
    }

    @Test func anAutomaticFederationWithFaultsIsDeterministicToo() {
        func run() -> Digest {
            var world = World.federation(5, seed: 3, link: LinkModel(loss: 0.1))
            for number in 0..<20 {
                world.post("\(number)", at: number % 5, time: .seconds(Double(number)))
            }
            world.run(until: .seconds(10))
            world.crash(2)
            world.run(until: .seconds(15))
            world.start(2)
            world.run(until: .seconds(300))
            return world.traceHash
        }
        #expect(run() == run())
    }

    @Test func aCopyIsAForkOfTheWorld() {
        var world = World.federation(3, link: LinkModel(loss: 0.1))
        world.post("x", at: 0, time: .seconds(1))
        world.run(until: .seconds(2))
        var fork = world
        world.run(until: .seconds(100))
        fork.run(until: .seconds(100))
        #expect(world.traceHash == fork.traceHash)
        fork.post("y", at: 1, time: .seconds(101))
        fork.run(until: .seconds(105))
        #expect(world.log(of: 1).count == 1)
        #expect(fork.log(of: 1).count == 2)
    }

    @Test func switchingLossOnReshufflesNoLatency() {
        // Up to the first loss both worlds are the same.
        var clean = World.federation(2, isAutomatic: false)
        var lossy = World.federation(2, isAutomatic: false, link: LinkModel(loss: 1e-9))
        for _ in 0..<20 {
            clean.schedule(
                .operate(clean.nextToken(), .pull(clean.id(of: 1), fromStart: true)), to: 0,
                at: clean.now)
            lossy.schedule(
                .operate(lossy.nextToken(), .pull(lossy.id(of: 1), fromStart: true)), to: 0,
                at: lossy.now)
            clean.run(until: clean.now + .seconds(10)) { $0.isQuiet }
            lossy.run(until: lossy.now + .seconds(10)) { $0.isQuiet }
            #expect(clean.now == lossy.now)
        }
        #expect(clean.traceHash == lossy.traceHash)
    }
}
