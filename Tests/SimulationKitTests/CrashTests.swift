import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct CrashTests {
    @Test func whatWasNotDurableIsLostAndNeverAcknowledged() {
        var world = World.federation(1)
        world.post("kept", at: 0, time: .seconds(1))
        world.post("lost", at: 0, time: .seconds(2))
        // The disk takes two milliseconds; the power goes after one.
        world.run(until: .seconds(2.001))
        world.crash(0)
        world.run(until: .seconds(3))
        #expect(world.texts(of: 0) == ["kept"])
        #expect(world.appended(at: 0).count == 1)
        world.start(0)
        world.post("after", at: 0, time: .seconds(4))
        world.run(until: .seconds(5))
        #expect(world.texts(of: 0) == ["after", "kept"])
        #expect(world.log(of: 0).entries.map(\.event.header.sequence) == [1, 2])
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func nodesThatCrashAtAnyMomentBecomeEqualAndKeepTheirWord(seed: UInt64) {
        var world = World.federation(4, seed: seed, link: LinkModel(loss: 0.05))
        var dice = Seeds(seed).dice("crashes")
        for number in 0..<80 {
            world.post("\(number)", at: number % 4, time: .seconds(Double(number) * 0.2))
        }
        for _ in 0..<25 {
            let victim = dice.below(4)
            let pause = dice.duration(in: .microseconds(1)...(.milliseconds(600)))
            world.run(until: world.now + pause)
            world.crash(victim)
            world.run(until: world.now + dice.duration(in: .zero...(.milliseconds(200))))
            world.start(victim)
        }
        let end = world.now + .seconds(1_200)
        world.run(until: max(world.now, .seconds(20)))
        world.run(until: end) { $0.hasOneRoot && $0.isQuiet }
        #expect(world.hasOneRoot)
        // Inputs to a node that was down are missed, so only what was acknowledged must be there.
        let ids = Set(world.log(of: 0).entries.map(\.event.id))
        for node in 0..<4 {
            for id in world.appended(at: node) { #expect(ids.contains(id)) }
            let own = world.log(of: node).entries.map(\.event)
                .filter { $0.header.origin == world.id(of: node) }
                .map(\.header.sequence).sorted()
            #expect(own == Array(1...UInt64(max(1, own.count))).prefix(own.count).map { $0 })
        }
        #expect(ids.count >= 40)
        for node in 0..<4 { #expect(world.log(of: node).equivocations.isEmpty) }
    }
}
