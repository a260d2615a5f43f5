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

    public var mode: Mode
    /// Neighbors aimed at. More make events arrive sooner (50 nodes, p50 / p99: 4 neighbors 72 /
    /// 116 ms, 6 neighbors 58 / 89 ms, 8 neighbors 52 / 78 ms) and survive more losses at once;
    /// each costs about 1.5 % of an event's bytes in announcements (of 746-byte events: 1.06, 1.09
    /// and 1.12 times their size in all).
    public var activeView: Int
    /// Peers remembered as lately alive, to replace a neighbor at once: 32 bytes each.
    public var passiveView: Int
    /// How long announcements are gathered. Longer means fewer frames and a later repair of what
    /// got lost; it never delays an event that is not lost.
    public var announceEvery: Duration
    /// How often a random neighbor's log is compared with ours, give or take half: what bounds how
    /// long an event can stay unknown when all else fails. In sync it costs about 70 bytes.
    public var reconcileEvery: Duration
    /// How often a random registered peer is dialled, give or take half: what joins the two halves
    /// of a partition. Costs a TLS handshake, about 4 kB.
    public var redialEvery: Duration
    /// How often views are exchanged with a neighbor: 230 bytes.
    public var shuffleEvery: Duration
    /// How often the worst neighbor is replaced: bounds how long a silent one holds its place.
    public var rotateEvery: Duration
    /// Larger events are announced and fetched by one request instead of being sent unasked: three
    /// ways instead of one, and never a second copy.
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
