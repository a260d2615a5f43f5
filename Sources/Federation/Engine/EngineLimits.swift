import Core

/// Bounds of what an engine holds in flight, each with its reason.
enum EngineLimits {
    /// Batches between arrival and durability: with the bytes below, what a crash can cost to fetch
    /// again.
    static let jobs = 64
    static let jobBytes = 32 << 20
    /// After a write has failed, records are not tried again before this.
    static let storeAgain: Duration = .seconds(1)
    /// Nodes seen on the LAN and not known yet: a flood of announcements is not remembered.
    static let sightings = 512
    /// Registrations of ours under way before nodes that were only seen on the LAN have to wait.
    static let attempts = 32
    /// Events in one commit: they share the disk's latency, and its transaction stays near 100 ms.
    static let commitEvents = 4000
    /// Own events waiting for one peer; beyond it the next reconcile carries them.
    static let uploads = 1000
    /// Streams of the log to others, one a peer.
    static let streams = 256
    /// A stream whose reader takes nothing for this long is cut off; it resumes at its cursor.
    static let slowReader: Duration = .seconds(30)
    /// A stream that would only move its reader's cursor says so after this many places.
    static let silentPositions: UInt64 = 256
    /// Sessions tried before a peer's whole log is read instead.
    static let bootstraps = 3
    /// Reconcile sessions that others hold open here, in all and for one peer. Each is one snapshot
    /// of the tree.
    static let sessions = 64
    static let sessionsPerPeer = 2
    static let sessionLife: Duration = .seconds(30)
    /// Registrations that others began and did not finish.
    static let introductions = 256
    static let introductionLife: Duration = .seconds(60)
    /// What leaving an event out of a session's tree costs a peer of its budget, as bytes: a few
    /// microseconds, that is a thousandth of what it may order each second.
    static let exclusionBytes = 2048
    /// Keys that a sketch in the making takes in at once: about 10 ms.
    static let sketchKeys = 8192
    static let sketchEvery: Duration = .milliseconds(20)
    /// Invites that nobody has used yet, and how long one may be good.
    static let invites = 64
    static let inviteLife: Duration = .seconds(30 * 86_400)
    /// Alarms kept: one for each kind and key.
    static let alarms = 256
    /// A registration is run again this often, to measure clocks and to hear what the peer has to
    /// tell.
    static let handshakeEvery: Duration = .seconds(600)
    /// Whole seconds and the network's delay: less is no difference.
    static let clockNoise: Duration = .seconds(5)
    /// A clock that differs by more than this from its peers' is told to its operator, and signs
    /// nothing where it is ahead of so many.
    static let clockTolerance: Duration = .seconds(30)
    static let clockWitnesses = 3
    /// How long a request may travel while its node restarts.
    static let overtaking: Duration = .seconds(2)
    /// How long a peer is told that its key is in use twice, after it was last seen.
    static let keyTwiceTold: Duration = .seconds(600)
    /// Records in all, but for those that the operator adds: they are for good.
    static let peers = 4096
    /// Records of nodes that only introduced themselves: a flood can't fill the disk.
    static let pendingPeers = 256
    /// Equal logs are compared again after this long, changed ones soon after they have come to
    /// rest.
    static let compareEvery: Duration = .seconds(60)
    static let compareSoon: Duration = .seconds(1)
    /// Events this young are left out of sessions between neighbors: they are on their way.
    static let gossipGrace: Duration = .seconds(-2)
    static let gossipYouth: Duration = .zero - gossipGrace
    /// Older events are announced to neighbors and not sent unasked.
    static let newsAge: Duration = .seconds(-30)
    /// A question over a link is given up after this long; the link has its own signs of life.
    static let answerLife: Duration = .seconds(30)
    /// How long one session with a neighbor keeps others waiting.
    static let sessionTurn: Duration = .seconds(5)
    /// The same where a question stays open for so long; and all that a neighbor gets whose last
    /// turn ran out, so that a few that answer slowly keep nobody from the others.
    static let turnAnswer: Duration = .seconds(2)
    static let slowTurn: Duration = .milliseconds(500)
    /// A session that is to bring what a queue or a gap has swallowed is run once more after this
    /// long, when all of it is older than what sessions leave out.
    static let reconcileLater: Duration = .seconds(3)
    /// More events at once than this are history, not news.
    static let freshEvents = 64
    /// Bodies that are missing are asked for at most this often from one peer.
    static let bodiesEvery: Duration = .seconds(30)
    /// The node with the higher id waits this long for the other one to introduce itself.
    static let courtesy: Duration = .seconds(3)
    /// How often a node that was told nothing is asked whether it has approved.
    static let registerAgain: Duration = .seconds(30)
}
