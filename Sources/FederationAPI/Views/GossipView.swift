/// Neighbors and broadcast trees, for the operator.
public struct GossipView: Codable, Hashable, Sendable {
    /// One neighbor.
    public struct Neighbor: Codable, Hashable, Sendable {
        public var node: String
        public var label: String
        /// Whether this node dialled.
        public var isOutbound: Bool
        /// Whether it is only told of events, because it reads too slowly.
        public var isDegraded: Bool
        /// Absent before it was measured.
        public var roundTripMilliseconds: Double?
        public var queuedBytes: Int
        public var sentBytes: Int
        public var receivedBytes: Int
        /// Events that it brought first, and such that were here already.
        public var delivered: Int
        public var duplicates: Int
        /// Origins whose events it is sent unasked, and whose events it hands to us.
        public var eagerOrigins: Int
        public var parentOf: Int

        public init(
            node: String, label: String, isOutbound: Bool, isDegraded: Bool,
            roundTripMilliseconds: Double?, queuedBytes: Int, sentBytes: Int, receivedBytes: Int,
            delivered: Int, duplicates: Int, eagerOrigins: Int, parentOf: Int
        ) {
            self.node = node
            self.label = label
            self.isOutbound = isOutbound
            self.isDegraded = isDegraded
            self.roundTripMilliseconds = roundTripMilliseconds
            self.queuedBytes = queuedBytes
            self.sentBytes = sentBytes
            self.receivedBytes = receivedBytes
            self.delivered = delivered
            self.duplicates = duplicates
            self.eagerOrigins = eagerOrigins
            self.parentOf = parentOf
        }
    }

    /// From the clock of the origin to that of this node.
    public struct Latency: Codable, Hashable, Sendable {
        public var p50: Double?
        public var p99: Double?
        public var count: UInt64

        public init(p50: Double?, p99: Double?, count: UInt64) {
            self.p50 = p50
            self.p99 = p99
            self.count = count
        }
    }

    /// How often events were passed on on their way here.
    public struct Hops: Codable, Hashable, Sendable {
        public var mean: Double
        public var max: Int

        public init(mean: Double, max: Int) {
            self.mean = mean
            self.max = max
        }
    }

    /// off, auto or on.
    public var mode: String
    /// Whether views are kept and events spread by gossip now.
    public var isOn: Bool
    /// Neighbors aimed at.
    public var target: Int
    public var neighbors: [Neighbor]
    /// Peers lately alive.
    public var passive: [String]
    /// Origins whose tree is known.
    public var origins: Int
    /// Events announced that have not come.
    public var missing: Int
    /// Events that came by gossip and were new, and such that were here already.
    public var delivered: Int
    public var duplicates: Int
    /// Duplicates for each new event.
    public var duplicatesRatio: Double
    public var latencyMilliseconds: Latency
    public var lastHop: Hops
    public var grafts: Int
    public var prunes: Int
    /// Queues that were full.
    public var overflows: Int
    /// Announced, asked for, and never sent.
    public var brokenPromises: Int
    /// Bytes sent, by kind of frame.
    public var bytesByKind: [String: Int]

    public init(
        mode: String, isOn: Bool, target: Int, neighbors: [Neighbor], passive: [String],
        origins: Int, missing: Int, delivered: Int, duplicates: Int,
        latencyMilliseconds: Latency, lastHop: Hops, grafts: Int, prunes: Int, overflows: Int,
        brokenPromises: Int, bytesByKind: [String: Int]
    ) {
        self.mode = mode
        self.isOn = isOn
        self.target = target
        self.neighbors = neighbors
        self.passive = passive
        self.origins = origins
        self.missing = missing
        self.delivered = delivered
        self.duplicates = duplicates
        duplicatesRatio = delivered == 0 ? 0 : Double(duplicates) / Double(delivered)
        self.latencyMilliseconds = latencyMilliseconds
        self.lastHop = lastHop
        self.grafts = grafts
        self.prunes = prunes
        self.overflows = overflows
        self.brokenPromises = brokenPromises
        self.bytesByKind = bytesByKind
    }
}
