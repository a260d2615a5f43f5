/// What an operator may set of the gossip layer; every knob says what it trades.
///
/// The figures are of `federate simulate --scenario steady` (links of 10 to 50 ms, 20 events
/// a second of 50 origins); see docs/SIMULATIONS.md.
public struct GossipSettings: Hashable, Sendable {
    /// When the layer is used.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        /// Never: every peer's log is streamed, and links are refused.
        case off
        /// Where there are more than `GossipLimits.autoPeers` active peers; links of others are
        /// taken in any case.
        case auto
        case on
    }

    /// How an event goes on from node to node.
    public enum Spread: Hashable, Sendable {
        /// One tree for each origin: every node gets an event about once.
        case trees
        /// To every neighbor: what a tree is compared with. Costs the size of the active view minus
        /// two further copies of each event.
        case flood
    }

    /// In a federation of 10 nodes a delivery of a 746-byte event takes 819 bytes by gossip, 7,904
    /// by streams.
    public var mode: Mode
    /// Neighbors aimed at. More make events arrive sooner (50 nodes, p50 / p99: 4 neighbors 72 /
    /// 116 ms, 6 neighbors 58 / 89 ms, 8 neighbors 52 / 78 ms) and survive more losses at once;
    /// each costs about 1.5 % of an event's bytes in announcements (of 746-byte events: 1.06, 1.09
    /// and 1.12 times their size in all). At 1,000 origins a node with 6 neighbors takes 1.1 MB,
    /// with 8 1.4 MB (`federate bench gossip`).
    public var activeView: Int
    /// Peers remembered as lately alive, to replace a neighbor at once: 32 bytes each. Where 80 %
    /// of 50 nodes end at once, the worst run's p99 is 3.1 s with 12 of them, 0.4 s with 36.
    public var passiveView: Int
    /// How long announcements are gathered. Longer means fewer frames and a later repair of what
    /// got lost; it never delays an event that is not lost. 5 / 20 / 50 ms at 500 events a second:
    /// 2.7 / 1.5 / 1.2 pieces a delivery; with 5 % lost, the slowest event 437 / 552 / 563 ms.
    public var announceEvery: Duration
    /// How often a random neighbor's log is compared with ours, give or take half: what bounds how
    /// long an event can stay unknown when all else fails. In sync, every 5 / 10 / 30 s: 18.1 /
    /// 10.5 / 5.4 bytes a second.
    public var reconcileEvery: Duration
    /// How often a random registered peer is dialled, give or take half: what joins the two halves
    /// of a partition: after 60 s of it, 30 / 120 s settle 50 nodes in 2.8 / 5.0 s. Costs a TLS
    /// handshake, about 4 kB.
    public var redialEvery: Duration
    /// How often views are exchanged with a neighbor: 230 bytes.
    public var shuffleEvery: Duration
    /// How often the worst neighbor is replaced: bounds how long a silent one holds its place, and
    /// disturbs trees. 60 / 600 s: p99 108 / 93 ms.
    public var rotateEvery: Duration
    /// Larger events are announced and fetched by one request instead of being sent unasked: three
    /// ways instead of one, and never a second copy. Bodies of 20 kB, announced / sent at once: p50
    /// 177 / 58 ms; with churn of 60 % a minute 0.02 / 0.17 further copies.
    public var eagerBytes: Int
    public var spread: Spread

    public init(
        mode: Mode = .auto, activeView: Int = 6, passiveView: Int = 36,
        announceEvery: Duration = .milliseconds(20), reconcileEvery: Duration = .seconds(10),
        redialEvery: Duration = .seconds(30), shuffleEvery: Duration = .seconds(30),
        rotateEvery: Duration = .seconds(600), eagerBytes: Int = 8192, spread: Spread = .trees
    ) {
        self.mode = mode
        self.activeView = activeView
        self.passiveView = passiveView
        self.announceEvery = announceEvery
        self.reconcileEvery = reconcileEvery
        self.redialEvery = redialEvery
        self.shuffleEvery = shuffleEvery
        self.rotateEvery = rotateEvery
        self.eagerBytes = eagerBytes
        self.spread = spread
    }
}
