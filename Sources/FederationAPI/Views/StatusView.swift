/// How a node is, for its operator.
public struct StatusView: Codable, Hashable, Sendable {
    /// Peers by the state of their registration.
    public struct Peers: Codable, Hashable, Sendable {
        public var active: Int
        public var pending: Int
        public var rejected: Int
        public var removed: Int
        public var revoked: Int
        /// Active peers whose log was equal to ours when last compared.
        public var equal: Int

        public init(
            active: Int = 0, pending: Int = 0, rejected: Int = 0, removed: Int = 0,
            revoked: Int = 0, equal: Int = 0
        ) {
            self.active = active
            self.pending = pending
            self.rejected = rejected
            self.removed = removed
            self.revoked = revoked
            self.equal = equal
        }
    }

    /// Of the program.
    public var version: String
    public var node: String
    public var label: String
    public var log: String
    /// The running process, as its signatures name it: 16 hexadecimal digits.
    public var instance: String
    /// Endpoints, best first.
    public var listening: [String]
    public var eventCount: UInt64
    /// Of the tree; two nodes with the same root and no missing body are equal.
    public var root: String
    public var missingBodies: UInt64
    /// Events from the future that wait for their time.
    public var aside: UInt64
    /// Places of a chain that an origin signed twice.
    public var equivocations: UInt64
    /// Events and requests refused since the start, by code.
    public var refused: [String: UInt64]
    public var peers: Peers
    /// What discovery does, in a sentence.
    public var discovery: String
    public var uptimeSeconds: Double
    /// Further counters since the start, by name.
    public var counters: [String: UInt64]
    /// What the operator should look at.
    public var warnings: [String]
    /// What must not go on as it is, with its evidence; kept until the log ends.
    public var alarms: [AlarmView]
    /// Events held that are not admitted, or no longer.
    public var hidden: UInt64
    /// Neighbors and broadcast trees, as `gossip status` shows them.
    public var gossip: GossipView?

    public init(
        version: String, node: String, label: String, log: String, listening: [String],
        eventCount: UInt64, root: String, missingBodies: UInt64, aside: UInt64,
        equivocations: UInt64, refused: [String: UInt64], peers: Peers, discovery: String,
        uptimeSeconds: Double,
        counters: [String: UInt64] = [:], warnings: [String] = [], alarms: [AlarmView] = [],
        hidden: UInt64 = 0, gossip: GossipView? = nil
    ) {
        self.version = version
        self.node = node
        self.label = label
        self.log = log
        instance = RequestSignature.instance
        self.listening = listening
        self.eventCount = eventCount
        self.root = root
        self.missingBodies = missingBodies
        self.aside = aside
        self.equivocations = equivocations
        self.refused = refused
        self.peers = peers
        self.discovery = discovery
        self.uptimeSeconds = uptimeSeconds
        self.counters = counters
        self.warnings = warnings
        self.alarms = alarms
        self.hidden = hidden
        self.gossip = gossip
    }
}

/// Something that an operator must look at.
public struct AlarmView: Codable, Hashable, Sendable {
    /// duplicate-key, own-key-twice or contested-rotation.
    public var kind: String
    /// The key in question.
    public var node: String
    public var evidence: String
    /// RFC 3339, of the first time.
    public var since: String

    public init(kind: String, node: String, evidence: String, since: String) {
        self.kind = kind
        self.node = node
        self.evidence = evidence
        self.since = since
    }
}
