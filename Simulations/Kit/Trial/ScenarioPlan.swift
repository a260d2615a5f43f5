import Core
import Federation
public import Gossip

/// What a scenario file says: a federation, what is posted in it, what goes wrong meanwhile, and
/// what must hold.
///
/// A plan names no node and no seed: it is the same for 2 nodes and for 1,000.
public struct ScenarioPlan: Hashable, Sendable {
    public var name: String
    /// One line for people.
    public var summary: String
    public var topology = PlannedTopology.random
    /// Peers that each node is registered with, at most.
    public var registered = 128
    /// Who keeps neighbors, and how; all of them, unless a scenario says otherwise.
    public var gossip = GossipSettings(mode: .on)
    public var link = LinkModel(isConstant: true)
    public var costs = CostModel(store: .milliseconds(1))
    public var workload = PlannedWorkload()
    public var faults: [PlannedFault] = []
    public var adversaries: [PlannedAdversary] = []
    public var criteria = Criteria()

    public init(name: String, summary: String = "") {
        self.name = name
        self.summary = summary
    }
}

/// Who is registered with whom.
public enum PlannedTopology: String, CaseIterable, Hashable, Sendable {
    /// A connected random graph.
    case random
    /// Each with the one before it and the one after it.
    case ring
    /// All with the first one.
    case star
}

/// What is posted, and when.
public struct PlannedWorkload: Hashable, Sendable {
    /// Nodes that post in turn; all, where there are fewer.
    public var origins = 50
    /// Events that are counted, unless the run is told otherwise.
    public var events = 400
    /// Events a second.
    public var rate = 20
    /// Bytes of each body.
    public var bodyBytes = 512
    /// Events of each origin that are posted first and not counted: trees grow with them.
    public var warmUp = 3
    /// Before the first event: links are made and views settle.
    public var settling = Duration.seconds(40)
    /// Events that every node holds at the start, but for those that join late.
    public var shared = 0
    /// Every so manieth event has a body of `largeBytes`; 0 for none.
    public var largeEvery = 0
    public var largeBytes = Limits.bodyBytes
    /// Until when events are posted at least, at a quarter of the rate; nil: until the last fault
    /// is over.
    public var lasts: Duration?

    public init() {}
}

/// How many nodes something concerns.
public enum Portion: Hashable, Sendable {
    case nodes(Int)
    /// Thousandths of all nodes; one node at least.
    case part(Int)

    /// Of `nodes` nodes, at least one and at most all.
    func count(of nodes: Int) -> Int {
        switch self {
        case .nodes(let count): min(count, nodes)
        case .part(let part): min(max(1, nodes * part / 1000), nodes)
        }
    }
}

/// Nodes that don't keep to the protocol.
public struct PlannedAdversary: Hashable, Sendable {
    public var kind: AdversaryKind
    public var portion: Portion

    public init(_ kind: AdversaryKind, _ portion: Portion) {
        self.kind = kind
        self.portion = portion
    }
}
