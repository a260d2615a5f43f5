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
        /// Origins whose events it is sent unasked, such of which it is only told, and those whose
        /// events it hands to us.
        public var eagerOrigins: Int
        public var lazyOrigins: Int
        public var parentOf: Int
        /// Queues for it that were full.
        public var overflows: Int
        /// What it asked for beyond its share, and what it announced and never sent.
        public var unserved: Int
        public var brokenPromises: Int

        public init(
            node: String, label: String, isOutbound: Bool, isDegraded: Bool,
            roundTripMilliseconds: Double?, queuedBytes: Int, sentBytes: Int, receivedBytes: Int,
            delivered: Int, duplicates: Int, eagerOrigins: Int, lazyOrigins: Int, parentOf: Int,
            overflows: Int = 0, unserved: Int = 0, brokenPromises: Int = 0
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
            self.lazyOrigins = lazyOrigins
            self.parentOf = parentOf
            self.overflows = overflows
            self.unserved = unserved
            self.brokenPromises = brokenPromises
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

    /// A link that has ended.
    public struct Ending: Codable, Hashable, Sendable {
        public var node: String
        public var label: String
        /// Whether this node dialled.
        public var isOutbound: Bool
        /// here, there, or nobody: the connection broke off.
        public var endedBy: String
        /// A word of docs/PROTOCOL-link.md; absent where nobody said why.
        public var cause: String?
        public var secondsAgo: Int

        public init(
            node: String, label: String, isOutbound: Bool, endedBy: String, cause: String?,
            secondsAgo: Int
        ) {
            self.node = node
            self.label = label
            self.isOutbound = isOutbound
            self.endedBy = endedBy
            self.cause = cause
            self.secondsAgo = secondsAgo
        }
    }

    /// Links that have ended since the start, and hellos that were refused.
    public struct Endings: Codable, Hashable, Sendable {
        /// How often this node said bye, by cause.
        public var here: [String: Int]
        /// How often others did.
        public var there: [String: Int]
        /// Links that broke off without a bye.
        public var broken: Int
        /// Dials that came to no link.
        public var failedDials: Int
        /// The last ones, the newest first, but for visits that are done.
        public var last: [Ending]

        public init(
            here: [String: Int] = [:], there: [String: Int] = [:], broken: Int = 0,
            failedDials: Int = 0, last: [Ending] = []
        ) {
            self.here = here
            self.there = there
            self.broken = broken
            self.failedDials = failedDials
            self.last = last
        }
    }

    /// off, auto or on.
    public var mode: String
    /// Whether views are kept and events spread by gossip now.
    public var isOn: Bool
    /// Neighbors aimed at.
    public var target: Int
    public var neighbors: [Neighbor]
    /// Peers lately alive, the newest last.
    public var passive: [String]
    /// Links open for a visit.
    public var visits: Int
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
    public var hops: Hops
    public var grafts: Int
    public var prunes: Int
    /// Queues that were full.
    public var overflows: Int
    /// Announced, asked for, and never sent.
    public var brokenPromises: Int
    /// What neighbors asked for beyond their share.
    public var unserved: Int
    public var endings: Endings
    /// Bytes sent, by kind of frame.
    public var bytesByKind: [String: Int]

    public init(
        mode: String, isOn: Bool, target: Int, neighbors: [Neighbor], passive: [String],
        visits: Int, origins: Int, missing: Int, delivered: Int, duplicates: Int,
        latencyMilliseconds: Latency, hops: Hops, grafts: Int, prunes: Int, overflows: Int,
        brokenPromises: Int, unserved: Int, endings: Endings, bytesByKind: [String: Int]
    ) {
        self.mode = mode
        self.isOn = isOn
        self.target = target
        self.neighbors = neighbors
        self.passive = passive
        self.visits = visits
        self.origins = origins
        self.missing = missing
        self.delivered = delivered
        self.duplicates = duplicates
        duplicatesRatio = delivered == 0 ? 0 : Double(duplicates) / Double(delivered)
        self.latencyMilliseconds = latencyMilliseconds
        self.hops = hops
        self.grafts = grafts
        self.prunes = prunes
        self.overflows = overflows
        self.brokenPromises = brokenPromises
        self.unserved = unserved
        self.endings = endings
        self.bytesByKind = bytesByKind
    }
}
