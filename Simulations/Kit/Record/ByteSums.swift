import Core
import Federation
import Gossip

/// Bytes put on the wire, by what they were for.
public struct ByteSums: Hashable, Sendable {
    /// What bytes are for, in the order of charts.
    public enum Kind: Int, CaseIterable, Hashable, Sendable {
        /// Encoded events, however they travel and however often.
        case events
        /// Lists, tree messages, cursors, proofs: requests and answers without their events.
        case sessions
        /// Announcements of events, questions for them, and what else keeps the trees.
        case trees
        /// Views and signs of life.
        case membership

        /// The key in JSON.
        public var name: String { "\(self)" }
    }

    private var sums = [Int](repeating: 0, count: Kind.allCases.count)

    public init() {}

    /// Bytes of one kind.
    public subscript(kind: Kind) -> Int {
        get { sums[kind.rawValue] }
        set { sums[kind.rawValue] = newValue }
    }

    /// All of it.
    public var all: Int { sums.reduce(0, +) }
    /// All but the events.
    public var overhead: Int { all - self[.events] }

    static func - (a: ByteSums, b: ByteSums) -> ByteSums {
        var difference = a
        for kind in Kind.allCases { difference[kind] -= b[kind] }
        return difference
    }
}

extension ByteSums {
    /// Everything in a world so far.
    init(_ simulation: Simulation) {
        var tally = LinkTally()
        for node in simulation.nodes {
            tally += node.past
            tally += node.engine?.gossip.tally ?? LinkTally()
        }
        let traffic = simulation.traffic
        self[.events] =
            traffic.eventBytes + tally.sentBytes(.event) + tally.sentBytes(.reconciledEvent)
        self[.trees] =
            tally.sentBytes(.announce) + tally.sentBytes(.graft) + tally.sentBytes(.prune)
        self[.membership] = tally.sentBytes(.membership) + tally.sentBytes(.keepalive)
        // Whatever else was on the wire; what a node that withholds has kept back is not.
        self[.sessions] = max(0, traffic.bytes - all)
    }
}
