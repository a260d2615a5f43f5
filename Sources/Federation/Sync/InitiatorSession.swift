import Core
import MerkleSearchTree

/// Our side of a reconcile session that we began.
struct InitiatorSession: Sendable {
    /// Random; names the session at the peer.
    let number: UInt64
    var machine: any ReconcileInitiating
    /// What we held when the session began, and what it has brought: of this the equality is
    /// proven.
    var snapshot: MerkleSearchTree
    var exchange: Exchange?
    var peerMissesBodies = false
    /// What was sent until now, and came.
    var account = SessionAccount()
    /// Round trips since the difference seemed known: they count where the proof then fails.
    var roundTripsSince = 0
    /// Whom we admit, as the peer was told.
    let context: UInt64
    /// Keys that the peer lacked.
    var pushed = 0
    /// Whether the two have told each other whom they admit.
    var isAgreed = false
    /// Where the two admit different origins: what both admit, over which the session runs.
    var common: [AdmittedOrigin]?
    var result: SyncResult
    /// Whoever ordered it; nil where the engine did.
    let operation: Token?

    /// What two lists of 32-byte ids would have taken: ours and the peer's, as they were at the
    /// start. The snapshot is the union by now.
    var naiveBytes: Int {
        let union = snapshot.count
        let ours = union - (exchange?.received.count ?? 0)
        return 32 * (ours + union - pushed)
    }

    /// The events on their way once the difference is known.
    struct Exchange: Sendable {
        /// Still to be pushed, in the tree's order.
        var have: ArraySlice<EventKey>
        var isPushing = false
        /// Requests for what we need that were not sent yet.
        var wants: ArraySlice<[UInt8]>
        /// Events still to come.
        var needCount: Int
        var isFetching = false
        var received: [EventKey] = []

        var isComplete: Bool {
            have.isEmpty && !isPushing && needCount == 0 && wants.isEmpty && !isFetching
        }
    }
}

/// Names a session that a peer began.
struct SessionName: Hashable, Sendable {
    var peer: NodeID
    var number: UInt64
}

/// The side that answers: one snapshot of the tree, kept for a while.
struct ResponderSession: Sendable {
    var machine: any ReconcileResponding
    /// Digest of whom both sides must admit for the session to compare their whole logs.
    var context: UInt64
    /// Whether it runs over all that is admitted here.
    var isWhole = true
    var expires: Instant
    /// What the peer asked for and has not got yet.
    var delivery: ArraySlice<EventKey> = []
}
