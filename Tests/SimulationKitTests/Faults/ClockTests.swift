import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct ClockTests {
    @Test func aClockReadsWhatItsFaultSays() {
        var world = World.federation(1)
        let start = world.options.wall
        world.run(until: .seconds(10))
        world.apply(.clock(0, .offset(.seconds(-3))))
        #expect(world.wall(of: 0) == start + .seconds(7))
        world.apply(.clock(0, .drift(partsPerMillion: 1_000)))
        world.run(until: .seconds(110))
        #expect(world.wall(of: 0) == start + .seconds(107) + .milliseconds(100))
        world.apply(.clock(0, .frozen))
        world.run(until: .seconds(200))
        #expect(world.wall(of: 0) == start + .seconds(107) + .milliseconds(100))
        world.apply(.clock(0, .right))
        #expect(world.wall(of: 0) == start + .seconds(200))
        world.apply(.clock(0, .drift(partsPerMillion: -500_000)))
        world.run(until: .seconds(202))
        #expect(world.wall(of: 0) == start + .seconds(201))
    }

    @Test(arguments: [false, true])
    func aNodeThatIsAMinuteAheadSignsNothingAndStaysConnected(hasLinks: Bool) {
        var world = Simulation.federation(of: 5, hasLinks: hasLinks)
        // As a shell does at each start: nodes shake hands, and so measure each other's clocks.
        world.nodes[4].engine?.listens(at: ["sim://4"], tlsKey: .zero)
        world.post("as always", at: 4, time: world.now)
        world.run(until: world.now + .seconds(5))
        let start = world.now
        world.apply(.clock(4, .offset(.seconds(61))))
        world.post("from the future", at: 4, time: start + .seconds(1))
        world.post("of another one", at: 0, time: start + .seconds(1))
        world.run(until: start + .seconds(20))
        #expect(world.refusals(at: 4).map(\.code) == [.clockAhead])
        #expect(world.texts(of: 4).contains("of another one"))
        #expect(world.engine(of: 0)?.view(of: world.id(of: 4))?.record.state == .active)
        world.apply(.clock(4, .right))
        world.post("now", at: 4, time: world.now)
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        for node in 0..<5 { #expect(world.texts(of: node).contains("now")) }
        #expect(world.refusals(at: 4).count == 1)
    }

    @Test func eventsOfANodeThatNobodyCanCorrectWaitUntilTheyAreDue() {
        // One peer is no witness: its clock may be the wrong one.
        var world = Simulation.federation(of: 2, hasLinks: false)
        let start = world.now
        world.apply(.clock(1, .offset(.seconds(90))))
        world.post("early", at: 1, time: start)
        world.run(until: start + .seconds(20))
        #expect(world.engine(of: 0)?.asideCount == 1)
        #expect(!world.texts(of: 0).contains("early"))
        world.run(until: start + .seconds(35))
        #expect(world.texts(of: 0).contains("early"))
        #expect(world.engine(of: 0)?.asideCount == 0)
        world.settle(within: 90)
        #expect(world.hasOneRoot)
    }

    @Test func aNodeThatIsBehindTakesTheOthersEventsWhenItsClockIsRight() {
        var world = Simulation.federation(of: 4, hasLinks: false)
        world.apply(.clock(0, .offset(.seconds(-120))))
        world.post("of the present", at: 1, time: world.now + .seconds(1))
        world.run(until: world.now + .seconds(30))
        #expect(!world.texts(of: 0).contains("of the present"))
        #expect(world.texts(of: 2).contains("of the present"))
        world.apply(.clock(0, .right))
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        #expect(world.texts(of: 0).contains("of the present"))
    }

    @Test(arguments: [ClockFault.frozen, .offset(.seconds(-20)), .drift(partsPerMillion: -900_000)])
    func timesAscendWhateverTheClockDoes(fault: ClockFault) {
        var world = Simulation.federation(of: 3, hasLinks: false)
        world.schedule(.clock(1, fault), at: world.now + .seconds(2))
        for number in 0..<30 {
            world.post(
                "\(number)", at: 1, time: world.now + .milliseconds(200 * Int64(number)))
        }
        world.run(until: world.now + .seconds(10))
        let times = world.log(of: 1).entries.map(\.event.header)
            .filter { $0.origin == world.id(of: 1) }.map(\.time)
        #expect(times.count == 31)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        if fault == .frozen {
            #expect(Set(times.suffix(15).map(\.physical)).count == 1)
        }
        world.apply(.clock(1, .right))
        world.settle(within: 60)
        #expect(world.hasOneRoot)
    }
}
