import Core
import Federation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct CutTests {
    @Test func whatAMutedNodeSendsDoesNotArriveAndWhatIsSentToItDoes() {
        var world = Simulation.federation(of: 2, hasLinks: false)
        world.apply(.mute(from: [0], to: [1]))
        world.post("unheard", at: 0, time: world.now)
        world.post("heard", at: 1, time: world.now)
        world.run(until: world.now + .seconds(60))
        #expect(world.texts(of: 0).contains("heard"))
        #expect(!world.texts(of: 1).contains("unheard"))
        world.apply(.heal)
        world.settle(within: 300)
        #expect(world.hasOneRoot)
        #expect(world.texts(of: 1).contains("unheard"))
        #expect(world.accounting.isBalanced)
    }

    @Test func aOneWayCutOfAFewIsBridgedByOthers() {
        var world = Simulation.federation(of: 8, hasLinks: true)
        world.apply(.mute(from: [0, 1], to: [2, 3]))
        for number in 0..<20 {
            world.post("\(number)", at: number % 8, time: world.now + .milliseconds(500))
        }
        world.run(until: world.now + .seconds(60)) { $0.hasOneRoot && $0.log(of: 0).count == 28 }
        #expect(world.hasOneRoot)
        #expect(world.log(of: 0).count == 28)
        world.apply(.heal)
        world.settle(within: 60)
        #expect(world.hasOneRoot)
        #expect(world.accounting.isBalanced)
    }

    @Test func bytesThatAreNotAcknowledgedStopAtTheSocket() {
        var world = Simulation.federation(of: 2, hasLinks: true)
        // What node 0 hears it can't acknowledge.
        world.apply(.mute(from: [0], to: [1]))
        for number in 0..<200 {
            world.post(
                "\(number)" + String(repeating: "x", count: 6_000), at: 1,
                time: world.now + .milliseconds(Int64(number) * 5))
        }
        let before = world.traffic(of: 0).receivedBytes
        world.run(until: world.now + .seconds(4))
        let received = world.traffic(of: 0).receivedBytes - before
        #expect(received > 100 << 10)
        #expect(received < 300 << 10)
        world.apply(.heal)
        world.settle(within: 120)
        #expect(world.hasOneRoot)
        #expect(world.log(of: 0).count == 202)
    }

    @Test func mutesAddUpAndNamesThatAreNoNodesChangeNothing() {
        var world = World.federation(4)
        world.apply(.mute(from: [0], to: [1]))
        world.apply(.mute(from: [2, 3], to: [0, 1]))
        world.apply(.mute(from: [4], to: [1]))
        world.apply(.partition([0, 0, 0]))
        #expect(world.faults.map(\.hadEffect) == [true, true, false, false])
        #expect(world.isCut(from: 0, to: 1))
        #expect(!world.isCut(from: 1, to: 0))
        #expect(world.isCut(from: 3, to: 0))
        #expect(!world.isCut(from: 0, to: 3))
        world.apply(.heal)
        #expect(!world.isCut(from: 0, to: 1))
    }
}
