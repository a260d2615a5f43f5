public import Core
public import Gossip
public import MerkleSearchTree

/// What an engine is told when it is made; the operator's configuration and the shell's facts.
public struct Settings: Sendable {
    /// How the node calls itself, at most 64 bytes.
    public var label: String
    /// Where it can be reached, "https://host:port", best first.
    public var endpoints: [String]
    /// SHA-256 of this node's TLS public key information; part of each registration's transcript.
    public var tlsKey: Digest
    /// Whom the node lets in.
    public var policy: Policy
    /// At least 16 bytes, or nil.
    public var joinSecret: [UInt8]?
    /// The events by which this node's former keys name the next one, oldest first, at most 8;
    /// shown to peers that may know a former one.
    public var predecessors: [Event]
    /// Humans in whose name events may be posted here; AIs and the node itself need no entry.
    public var humans: Set<String>
    /// Whether own events are pushed, streams kept open and peers compared without being told.
    public var isAutomatic: Bool
    /// Where this node came out of a backup and has not caught up: how far its own chain went when
    /// that was made. Until then nothing is signed; see `Engine.catchUp`.
    public var restoredSequence: UInt64?
    /// Neighbors and broadcast trees.
    public var gossip: GossipSettings
    /// Whether own events are only pushed: peers' logs are neither streamed nor compared without
    /// being told. A baseline; only the simulator sets it.
    public var pushesOnly = false
    /// How differences are found; the simulator sets baselines here.
    public var reconciler: any Reconciler

    public init(
        label: String = "", endpoints: [String] = [], tlsKey: Digest = .zero,
        policy: Policy = Policy(), joinSecret: [UInt8]? = nil, predecessors: [Event] = [],
        humans: Set<String> = [], isAutomatic: Bool = true,
        restoredSequence: UInt64? = nil, gossip: GossipSettings = GossipSettings(mode: .off),
        reconciler: any Reconciler = TreeReconciler()
    ) {
        self.label = label
        self.endpoints = endpoints
        self.tlsKey = tlsKey
        self.policy = policy
        self.joinSecret = joinSecret
        self.predecessors = predecessors
        self.humans = humans
        self.isAutomatic = isAutomatic
        self.restoredSequence = restoredSequence
        self.gossip = gossip
        self.reconciler = reconciler
    }
}

/// Makes the two sides of a session: the tree's own, or a baseline to compare it with.
public protocol Reconciler: Sendable {
    /// The side that asks. `salt` is secret and drawn for this session; `common` is what the last
    /// session with this peer has proven.
    func initiator(
        index: ReconcileIndex, salt: UInt64, common: CommonRoot?, cutoff: Timestamp?
    ) -> any ReconcileInitiating

    /// The side that answers; `commons` are what earlier sessions with this peer have proven.
    func responder(
        index: ReconcileIndex, commons: [CommonRoot], cutoff: Timestamp?
    ) -> any ReconcileResponding
}

/// Spine, lists, sketches and the descent of the Merkle Search Tree: what federations use.
public struct TreeReconciler: Reconciler {
    private let limits: ReconcileLimits

    public init(limits: ReconcileLimits = .standard) { self.limits = limits }

    public func initiator(
        index: ReconcileIndex, salt: UInt64, common: CommonRoot?, cutoff: Timestamp?
    ) -> any ReconcileInitiating {
        ReconcileInitiator(
            index: index, salt: salt, common: common, cutoff: cutoff, limits: limits)
    }

    public func responder(
        index: ReconcileIndex, commons: [CommonRoot], cutoff: Timestamp?
    ) -> any ReconcileResponding {
        ReconcileResponder(index: index, commons: commons, cutoff: cutoff, limits: limits)
    }
}
