import Core
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(1)))
struct TopologyTests {
    @Test(arguments: [2, 3, 10, 50, 101], [1, 2, 8])
    func theGraphIsConnectedAndSymmetric(nodes: Int, degree: Int) {
        for seed in 1...5 as ClosedRange<UInt64> {
            var dice = Dice(seed: seed)
            let neighbors = Topology(nodes: nodes, degree: degree, dice: &dice).neighbors
            for node in 0..<nodes {
                #expect(!neighbors[node].contains(node))
                #expect(Set(neighbors[node]).count == neighbors[node].count)
                #expect(neighbors[node].count >= min(degree, nodes - 1))
                for other in neighbors[node] { #expect(neighbors[other].contains(node)) }
            }
            var reached: Set<Int> = [0]
            var frontier = [0]
            while let node = frontier.popLast() {
                for other in neighbors[node] where reached.insert(other).inserted {
                    frontier.append(other)
                }
            }
            #expect(reached.count == nodes)
        }
    }

    @Test func degreesAreEvenlySpread() {
        var dice = Dice(seed: 1)
        let neighbors = Topology(nodes: 50, degree: 8, dice: &dice).neighbors
        #expect(neighbors.allSatisfy { (8...9).contains($0.count) })
    }

    @Test func everyNodeBeginsOneSessionARound() {
        var dice = Dice(seed: 1)
        let topology = Topology(nodes: 20, degree: 4, dice: &dice)
        var schedule = Schedule(topology, dice: Dice(seed: 2))
        for round in 0..<5 {
            let start = Instant.zero + Schedule.round * round
            #expect(schedule.nextStart == start)
            let sessions = schedule.next()
            #expect(sessions.map(\.first) == Array(0..<20))
            for session in sessions {
                #expect(topology.neighbors[session.first].contains(session.second))
                #expect(session.time >= start)
                #expect(session.time < start + Schedule.round)
            }
        }
    }
}
