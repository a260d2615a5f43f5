import Core
import Federation
import Gossip
import MerkleSearchTree

/// What must hold whenever one looks; a run looks every 100 ms of virtual time.
struct StandingChecks: Sendable {
    /// Nodes looked at each time, in turn.
    private static let nodesAtOnce = 16
    /// One side may take another for a neighbor for so long without being one: a link whose end has
    /// not been noticed. Three silences, and the time of a dial.
    private static let patience = Duration.seconds(40)

    /// Trees are made anew and sets compared this often: it takes time.
    private static let compareEvery = 50

    private var looks = 0
    private var compared = 0
    private var next = 0
    /// Since when a node has been another one's neighbor in its own eyes only.
    private var oneSided: [Link: Instant] = [:]

    /// Looks at some nodes; says what it finds to the simulation's checks.
    mutating func look(at simulation: inout Simulation, honest: [Int], isCut: Bool) {
        let up = honest.filter { simulation.isUp($0) }
        guard !up.isEmpty else { return }
        for _ in 0..<min(Self.nodesAtOnce, up.count) {
            next += 1
            look(at: up[next % up.count], &simulation)
        }
        looks += 1
        if looks % Self.compareEvery == 0 {
            compared += 1
            let other = compared + 1 + compared / up.count
            compare(up[compared % up.count], up[other % up.count], &simulation)
        }
        if isCut { oneSided = [:] } else { lookAtViews(up[looks % up.count], &simulation) }
        checkAccounts(&simulation)
    }

    private func look(at node: Int, _ simulation: inout Simulation) {
        let broken = simulation.nodes[node].engine?.gossip.brokenRules ?? []
        for rule in broken {
            simulation.find(.bounds, node, rule)
        }
    }

    /// Equal sets have equal roots, and the root is that of the set.
    private func compare(_ a: Int, _ b: Int, _ simulation: inout Simulation) {
        guard let root = simulation.nodes[a].engine?.root else { return }
        // A log is written before its engine hears of it: looked at only where both agree.
        let keys = simulation.log(of: a).entries.map(\.event.key).sorted()
        let count = simulation.nodes[a].engine?.eventCount
        if count == keys.count, MerkleSearchTree(sorted: keys).root != root {
            simulation.find(.rooted, a, "its tree is not that of its \(keys.count) events")
        }
        guard a != b, let other = simulation.nodes[b].engine, other.eventCount == count,
            simulation.log(of: b).count == keys.count
        else { return }
        let isSame = simulation.log(of: b).entries.allSatisfy {
            simulation.log(of: a).holds($0.event.id)
        }
        if isSame != (other.root == root) {
            simulation.find(.oneRoot, a, "its root and that of node \(b) belie their sets")
        }
    }

    private mutating func lookAtViews(_ index: Int, _ simulation: inout Simulation) {
        guard let standing = simulation.nodes[index].engine?.gossip.standing else { return }
        let neighbors = Set(standing.neighbors.compactMap { simulation.indices[$0.node] })
        oneSided = oneSided.filter { $0.key.from != index || neighbors.contains($0.key.to) }
        for neighbor in standing.neighbors {
            guard let other = simulation.indices[neighbor.node], simulation.isHonest(other)
            else { continue }
            let link = Link(from: index, to: other)
            let isMutual =
                simulation.nodes[other].engine?.gossip.standing.neighbors
                .contains { $0.node == simulation.id(of: index) } ?? true
            if isMutual || simulation.nodes[other].isPaused {
                oneSided[link] = nil
            } else if let since = oneSided[link] {
                guard simulation.now - since > Self.patience else { continue }
                oneSided[link] = nil
                simulation.find(.views, index, "node \(other) is its neighbor, and it not theirs")
            } else {
                oneSided[link] = simulation.now
            }
        }
    }

    private func checkAccounts(_ simulation: inout Simulation) {
        let sums = simulation.accounting
        guard sums.sent != sums.received + sums.lost + sums.inFlight else { return }
        simulation.find(
            .accounted, nil,
            "\(sums.sent) bytes sent, \(sums.received) received, \(sums.lost) lost, "
                + "\(sums.inFlight) under way")
    }
}
