import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct DiskTests {
    @Test(arguments: [false, true])
    func aFullDiskRefusesPostsWithAReasonAndCatchesUpWhenItHasRoom(hasLinks: Bool) {
        var world = Simulation.federation(of: 4, hasLinks: hasLinks)
        let start = world.now
        let before = world.log(of: 1).count
        world.apply(.disk(1, .full))
        world.post("has no room", at: 1, time: start)
        for number in 0..<5 { world.post("\(number)", at: 0, time: start + .seconds(1)) }
        world.run(until: start + .seconds(30))
        let refusals = world.refusals(at: 1, since: start)
        #expect(refusals.map(\.code) == [.cannotStore])
        #expect(refusals.first?.detail.contains("disk is full") == true)
        #expect(world.log(of: 1).count == before)
        #expect(world.log(of: 2).count == before + 5)
        world.apply(.disk(1, nil))
        world.post("has room", at: 1, time: world.now)
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(world.texts(of: 2).contains("has room"))
        #expect(!world.texts(of: 2).contains("has no room"))
        #expect(world.log(of: 1).count == before + 6)
        for node in 0..<4 { #expect(world.log(of: node).equivocations.isEmpty) }
    }

    @Test func aSlowDiskDelaysWhatItHolds() throws {
        var world = World.federation(1)
        world.apply(.disk(0, .slow(.seconds(3))))
        world.post("slow", at: 0, time: .seconds(1))
        world.goal = 1
        world.run(until: .seconds(10))
        #expect(world.reachedGoal[0] == .seconds(4))
    }

    @Test func aTornWriteIsKeptOrNotAndNeverAcknowledged() {
        var kept = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var world = Simulation.federation(of: 3, seed: seed, hasLinks: false)
            world.apply(.disk(0, .tears))
            let start = world.now
            world.post("torn", at: 0, time: start)
            // The disk needs two milliseconds.
            world.run(until: start + .milliseconds(1))
            world.apply(.crash(0))
            if world.texts(of: 0).contains("torn") { kept += 1 }
            world.apply(.start(0, from: .kept))
            world.post("after", at: 0, time: world.now)
            world.settle(within: 60)
            #expect(world.hasOneRoot)
            #expect(world.appended(at: 0).count == 2)
            #expect(world.texts(of: 1) == world.texts(of: 0))
            for node in 0..<3 {
                #expect(world.log(of: node).equivocations.isEmpty)
                #expect(world.log(of: node).alarms.isEmpty)
            }
        }
        #expect((4...16).contains(kept))
    }

    /// Node 0 has said five things, all know them, and its disk has forgotten the last three.
    private func forgetful(seed: UInt64) -> Simulation {
        var world = Simulation.federation(of: 3, seed: seed, hasLinks: false)
        world.apply(.disk(0, .losesLast(.seconds(3))))
        for number in 0..<4 {
            world.post("\(number)", at: 0, time: world.now + .seconds(Int64(number)))
        }
        world.run(until: world.now + .milliseconds(3_500))
        world.apply(.crash(0))
        return world
    }

    @Test func aDiskThatLiesHasForgottenWhatItAcknowledged() {
        let world = forgetful(seed: 1)
        #expect(world.appended(at: 0).count == 5)
        #expect(world.texts(of: 0).filter { $0.count == 1 } == ["0"])
        #expect(world.texts(of: 1).filter { $0.count == 1 } == ["0", "1", "2", "3"])
    }

    @Test func aNodeThatHearsOfItsForgottenEventsGoesOnBehindThem() {
        var world = forgetful(seed: 1)
        world.apply(.start(0, from: .kept))
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        #expect(world.texts(of: 0).filter { $0.count == 1 } == ["0", "1", "2", "3"])
        #expect(world.alarms(at: 0) == [.ownKeyTwice])
        world.post("4", at: 0, time: world.now)
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        for node in 0..<3 { #expect(world.log(of: node).equivocations.isEmpty) }
    }

    /// What no node can know by itself: a disk that lies forks the chain.
    @Test func aNodeThatPostsBeforeItHearsOfThemForksItsChainAndAllSeeIt() {
        var world = forgetful(seed: 1)
        world.apply(.start(0, from: .kept))
        world.post("4", at: 0, time: world.now)
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        for node in 0..<3 {
            #expect(world.log(of: node).equivocations.map(\.origin) == [world.id(of: 0)])
            #expect(world.texts(of: node).filter { $0.count == 1 } == ["0", "1", "2", "3", "4"])
        }
    }
}
