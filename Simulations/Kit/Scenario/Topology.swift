import Core

/// Who knows whom: a connected, symmetric random graph, because a registration has two sides.
struct Topology: Hashable, Sendable {
    /// Each node's neighbors, ascending.
    private(set) var neighbors: [[Int]]

    /// A ring in random order, which connects all, and then random links until each node has
    /// `degree` neighbors; a few may end with more, where nobody else had room.
    init(nodes: Int, degree: Int, dice: inout Dice) {
        neighbors = (0..<nodes).map { _ in [] }
        var ring = Array(0..<nodes)
        // Fisher and Yates: the library's own shuffle may change its order with its version.
        for place in ring.indices.dropFirst() { ring.swapAt(place, dice.below(place + 1)) }
        for place in ring.indices { link(ring[place], ring[(place + 1) % nodes]) }
        let degree = min(degree, nodes - 1)
        for node in ring {
            while neighbors[node].count < degree {
                let free = (0..<nodes).filter { $0 != node && !neighbors[node].contains($0) }
                let short = free.filter { neighbors[$0].count < degree }
                let pool = short.isEmpty ? free : short
                link(node, pool[dice.below(pool.count)])
            }
        }
        for node in neighbors.indices { neighbors[node].sort() }
    }

    private mutating func link(_ a: Int, _ b: Int) {
        guard a != b, !neighbors[a].contains(b) else { return }
        neighbors[a].append(b)
        neighbors[b].append(a)
    }
}

/// One session of the schedule.
struct PlannedSession: Hashable, Sendable {
    var time: Instant
    var first: Int
    var second: Int
}

/// Which sessions are held when: the same for all methods.
///
/// In each round every node begins one session with a neighbor, at a time drawn evenly within the
/// round.
struct Schedule: Sendable {
    static let round: Duration = .seconds(1)
    private let topology: Topology
    private var dice: Dice
    private let start: Instant
    private var rounds: Int64 = 0

    init(_ topology: Topology, from start: Instant = .zero, dice: Dice) {
        self.topology = topology
        self.start = start
        self.dice = dice
    }

    /// When the next round starts.
    var nextStart: Instant { start + Self.round * Int(rounds) }

    /// The next round's sessions, in the order of the nodes.
    mutating func next() -> [PlannedSession] {
        let start = nextStart
        rounds += 1
        return topology.neighbors.indices.map { node in
            let neighbors = topology.neighbors[node]
            return PlannedSession(
                time: start + .microseconds(dice.below(Int(Self.round.microseconds))),
                first: node, second: neighbors[dice.below(neighbors.count)])
        }
    }
}
