import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct RestoreTests {
    /// Three nodes; node 0 was backed up, posted two more events, and is down.
    private func lost(hasLinks: Bool) -> Simulation {
        var world = Simulation.federation(of: 3, hasLinks: hasLinks)
        world.apply(.backUp(0))
        world.post("after the backup 1", at: 0, time: world.now)
        world.post("after the backup 2", at: 0, time: world.now + .seconds(1))
        world.run(until: world.now + .seconds(10))
        world.apply(.crash(0))
        return world
    }

    private func ownSequences(_ world: Simulation) -> [UInt64] {
        world.log(of: 0).entries.map(\.event.header).filter { $0.origin == world.id(of: 0) }
            .map(\.sequence).sorted()
    }

    @Test(arguments: [false, true])
    func aRestoredNodeSignsNothingUntilItHasCaughtUp(hasLinks: Bool) {
        var world = lost(hasLinks: hasLinks)
        let old = world.log(of: 0).id
        let start = world.now
        world.apply(.partition([0, 1, 1]))
        world.apply(.start(0, from: .backup))
        #expect(world.log(of: 0).id != old)
        #expect(world.log(of: 0).count == 0)
        world.post("too soon", at: 0, time: start + .seconds(1))
        // A restart changes nothing about it.
        world.schedule(.crash(0), at: start + .seconds(2))
        world.schedule(.start(0, from: .kept), at: start + .seconds(3))
        world.post("too soon", at: 0, time: start + .seconds(4))
        world.run(until: start + .seconds(10))
        #expect(world.refusals(at: 0).map(\.code) == [.cannotStore, .cannotStore])
        world.apply(.heal)
        world.run(until: start + .seconds(300)) { world in
            world.told(0).contains { if case .caughtUp = $0 { true } else { false } }
        }
        world.post("again", at: 0, time: world.now)
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(ownSequences(world) == [1, 2, 3, 4])
        #expect(world.texts(of: 1).contains("again"))
        for node in 0..<3 {
            #expect(world.log(of: node).equivocations.isEmpty)
            #expect(world.log(of: node).alarms.isEmpty)
        }
        // The mark is gone for good.
        world.apply(.crash(0))
        world.apply(.start(0, from: .kept))
        world.post("and again", at: 0, time: world.now)
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        #expect(ownSequences(world) == [1, 2, 3, 4, 5])
    }

    @Test func withoutABackupNothingStarts() {
        var world = Simulation.federation(of: 3, hasLinks: false)
        world.apply(.crash(0))
        world.apply(.start(0, from: .backup))
        #expect(!world.isUp(0))
        #expect(world.faults.map(\.hadEffect) == [true, false])
    }

    @Test func anEmptyNodeHasAllBackAndIsToldThatItsKeyHasAPast() {
        var world = lost(hasLinks: false)
        world.apply(.start(0, from: .empty))
        #expect(world.log(of: 0).count == 0)
        #expect(world.log(of: 0).peers.count == 2)
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(ownSequences(world) == [1, 2, 3])
        #expect(world.alarms(at: 0) == [.ownKeyTwice])
        for node in 0..<3 { #expect(world.log(of: node).equivocations.isEmpty) }
    }

    /// Why `federate restore` exists.
    @Test func anEmptyNodeThatPostsAtOnceForksItsChain() {
        var world = lost(hasLinks: false)
        world.apply(.start(0, from: .empty))
        world.post("too soon", at: 0, time: world.now)
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        for node in 0..<3 {
            #expect(world.log(of: node).equivocations.map(\.sequence) == [1])
        }
    }
}
