import Core

/// What a run was, for whoever reads its record.
public struct RunLabel: Hashable, Sendable {
    public var scenario: String
    /// How events got to everybody; empty where only one way was tried.
    public var method: String
    /// What sets this run apart from others of the same method, such as "1 %"; may be empty.
    public var variant: String
    public var seed: UInt64
    /// What to type to see it again; may be empty.
    public var command: String

    public init(
        scenario: String, method: String = "", variant: String = "", seed: UInt64,
        command: String = ""
    ) {
        self.scenario = scenario
        self.method = method
        self.variant = variant
        self.seed = seed
        self.command = command
    }
}

/// What `Simulation.record` has kept of a run: a value, bounded, a function of the seed alone but
/// for `wallTime`.
///
/// Times are virtual and count from the start of the record, bytes are those of encoded messages
/// without HTTP and TLS, nodes go by their index.
public struct RunRecord: Sendable {
    public var label: RunLabel
    public var nodes: Int
    /// Different events that somebody held at the end.
    public var events: Int
    /// How long the record ran.
    public var duration: Duration
    /// Ascending; at most `RecordOptions.samples`.
    public var samples: [Sample]
    /// From durable at the origin to durable elsewhere, one for each event and node.
    public var latencies: LatencyHistogram
    /// The same for events from before the record: from its start.
    public var catchUp: LatencyHistogram
    /// By index.
    public var figures: [NodeFigures]
    /// Whom each node was registered with when the record began, ascending.
    public var registered: [[Int]]
    /// Who became whose neighbor when, and who was from the start; in the order of time.
    public var neighborChanges: [NeighborChange]
    /// How a sample of the events got to everybody.
    public var spreads: [EventSpread]
    public var faults: [Fault]
    /// Bytes in all, by kind.
    public var bytes: ByteSums
    /// Requests, answers and pieces of links put on the wire, and requests that were answered.
    public var messages: Int
    public var roundTrips: Int
    /// How much happened: arrivals, timers, finished work and inputs, each as one.
    public var happenings: Int
    /// Nodes that do what no honest node does, ascending.
    public var dishonest: [Int] = []
    /// What the run took here; nil where nobody measured.
    public var wallTime: Duration?
    /// 64 hexadecimal digits.
    public var traceHash: String
    /// What the caller found, such as "pass"; empty where it has not said.
    public var verdict = ""
    /// Nil where the run was no comparison of ways to sync.
    public var outcome: Outcome?
    /// What was wrong, a sentence each.
    public var failures: [String] = []
    /// What a reader should know, a sentence each.
    public var notes: [String] = []
}

extension RunRecord {
    /// The world at one moment.
    public struct Sample: Hashable, Sendable {
        public var time: Duration
        /// How much of all events so far, beyond those that every node held when the record began,
        /// each node held, in thousandths; -1 while it was down.
        public var held: [Int16]
        /// Nodes that were up and held every event so far.
        public var complete: Int
        /// Events that had become durable elsewhere than at their origins, one for each node.
        public var deliveries: Int
        public var bytes: ByteSums

        /// The mean of `held` over the nodes that were up, 0 to 1.
        public var share: Double {
            let up = held.filter { $0 >= 0 }
            guard !up.isEmpty else { return 0 }
            return Double(up.reduce(0) { $0 + Int($1) }) / Double(up.count * 1000)
        }
    }

    /// What one node carried and got.
    public struct NodeFigures: Hashable, Sendable {
        public var bytesUp = 0
        public var bytesDown = 0
        /// Events that came from others and were new.
        public var delivered = 0
        /// Events that came and were held already.
        public var duplicates = 0
        /// Neighbors at the end; where there is no gossip, peers.
        public var neighbors = 0
        public var isUp = true
    }

    /// A node took another one as its neighbor, or let go of it.
    public struct NeighborChange: Hashable, Sendable {
        public var time: Duration
        public var node: Int
        public var neighbor: Int
        public var isUp: Bool
    }

    /// The way of one event.
    public struct EventSpread: Hashable, Sendable {
        /// When it became durable at one node, and who handed it over.
        public struct Arrival: Hashable, Sendable {
            public var node: Int
            public var time: Duration
            /// Nil where nobody of this world did.
            public var from: Int?
            /// How often it had been passed on; nil where it did not come by gossip.
            public var hop: Int?
        }

        /// 64 hexadecimal digits.
        public var id: String
        /// Nil where nobody of this world has written it.
        public var origin: Int?
        /// When it was durable at its origin; zero where it is older than the record.
        public var born: Duration
        /// In the order of time.
        public var arrivals: [Arrival]
    }

    /// Something went wrong, or ended to.
    public struct Fault: Hashable, Sendable {
        public var time: Duration
        /// A word or two, such as "crash" or "partition".
        public var kind: String
        /// Whom it hit; empty where it hit all.
        public var nodes: [Int]

        public init(time: Duration, kind: String, nodes: [Int]) {
            self.time = time
            self.kind = kind
            self.nodes = nodes
        }
    }
}
