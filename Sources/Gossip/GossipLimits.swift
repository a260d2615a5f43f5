import Core

/// Bounds of the gossip layer, each with its reason.
public enum GossipLimits {
    /// More active peers than this turn `auto` on: a full mesh of streams costs each node every
    /// event as often as it has peers.
    public static let autoPeers = 8
    /// Up to so many peers all are neighbors: 8 nodes in a full mesh.
    public static let meshPeers = 7
    /// Neighbors that an operator may aim at.
    public static let activeViews = 2...24
    /// Neighbors beyond the aim that others may become: a node that has too few finds a place.
    static let slack = 2
    /// Places for neighbors; a bit each in every origin's mask.
    static let slots = 32
    /// Links that are open for a visit, beside the neighbors.
    static let visitors = 8
    /// Dials under way: a few that hang must not keep the others waiting.
    static let dials = 4
    /// How long a node that has begun waits for others to dial it.
    static let courtesy: Duration = .seconds(2)
    /// A dial, with TLS and both hellos, is given up after this long.
    static let dialLife: Duration = .seconds(10)
    /// Before a peer that could not be reached is dialled again: doubling, with jitter.
    static let redialFirst: Duration = .seconds(2)
    static let redialLast: Duration = .seconds(120)
    /// Before a peer that was full, or evicted us, is asked again.
    static let fullAgain: Duration = .seconds(10)
    /// Before a peer that sent what no honest node sends gets another link.
    static let banLife: Duration = .seconds(3600)
    /// Before a peer that said that it does not gossip is asked again.
    static let offAgain: Duration = .seconds(60)
    /// Links that an urgent peer may cost others: one in so long.
    static let evictEvery: Duration = .seconds(5)
    /// A link on which nothing came for this long is asked for a sign of life; for three times as
    /// long, it is dead.
    static let keepalive: Duration = .seconds(3)
    static let silence: Duration = .seconds(9)
    /// A visit in which nothing of a session went or came for so long is ended, and any after the
    /// longer one. Where another visitor wants in, the shorter one is enough.
    static let visitPause: Duration = .seconds(20)
    static let visitLife: Duration = .seconds(300)
    /// Any frame: the largest event and its head.
    public static let frameBytes = Limits.wireBytes + 64
    /// What reading any frame costs, and looking at one place that is named, as bytes of events:
    /// short frames and long lists take more than their length says.
    static let frameWork = 64
    static let placeWork = 32
    /// Bytes handed to the network at once, so that a control frame waits for no more than that.
    static let chunkBytes = 64 << 10
    /// One piece of a message that is longer than a frame should be.
    package static let partBytes = 16 << 10
    /// A whole message in pieces: the largest request or response.
    public static let messageBytes = Limits.batchBytes + 65_536
    /// Control frames waiting for one neighbor: more means that it reads nothing at all.
    static let controlFrames = 256
    /// Events waiting for one neighbor; beyond it they are announced instead.
    static let payloadFrames = 256
    static let payloadBytes = 1 << 20
    /// Messages of sessions waiting for one neighbor; the next ones are refused here.
    static let bulkBytes = 6 << 20
    /// The same of all links, with messages that have not come whole; above, the link with most of
    /// it is ended.
    static let messagesOfAll = 48 << 20
    /// Announcements waiting for one neighbor; beyond it a reconcile tells it.
    static let announcements = 4096
    /// Questions of one neighbor that are worked on at once.
    static let questions = 128
    /// Origins whose tree is known; the one that was silent for longest is forgotten and floods
    /// once when it speaks again.
    public static let origins = 4096
    /// A parent from which nothing came for so long, while others told of its events, may stand
    /// still. A shorter time would suspect those of which a frame or two was lost.
    static let suspicious: Duration = .milliseconds(400)
    /// An origin of which nothing was heard for longer is not worth further copies of an event to
    /// find the fastest way anew.
    static let liveOrigin: Duration = .seconds(30)
    /// Events that were announced and have not come: of one neighbor, and in all.
    static let missingOfOne = 4096
    static let missing = 16_384
    static let missingLife: Duration = .seconds(30)
    /// More places in a row than this, and events that are large, are asked for a few at a time and
    /// without becoming a child: a post of many, or what found no room in a neighbor's queue.
    static let gap = 64
    /// A longer row is not asked for place by place: a session brings it.
    static let longestGap = 4096
    /// What of such rows one neighbor is asked for at once, in small events; a large one counts as
    /// fifteen of them. Both take less than `payloadBytes`, and than one read of the log brings.
    static let window = 120
    static let largeWeight = 15
    /// Rows of one neighbor that wait for their turn; beyond it a session brings what it has.
    static let rows = 256
    /// Places of such rows that are looked at in one go.
    static let rowPlaces = 512
    /// Neighbors that are remembered to have announced a missing event.
    static let announcers = 6
    /// Between looks at what is missing: each goes through all of it.
    static let missingEvery: Duration = .milliseconds(10)
    /// How long a copy that is being looked at keeps a place from being asked for; and a large
    /// event that was asked for, which may need that long to come.
    static let patience: Duration = .seconds(2)
    /// How often each of them is asked for it.
    static let graftTries = 4
    /// Bounds of the wait before what was announced is asked for. Below, an event that is only late
    /// is asked for; above, a lost one stays away.
    static let graftFirst: ClosedRange<Duration> = .milliseconds(150)...(.milliseconds(500))
    static let graftLast: Duration = .seconds(2)
    /// Who announced an event so long before it came is the better parent; and how often one is
    /// changed for that. Each change costs one event that comes twice.
    static let betterBy: Duration = .milliseconds(10)
    static let preferEvery: Duration = .seconds(2)
    /// A neighbor that so often did not send what it had announced is let go of.
    static let brokenPromises = 16
    /// Sequences beyond an origin's last one that an announcement may name.
    static let leap: UInt64 = 1 << 20
    /// What one neighbor may have served to it unasked: bytes at once, and a second.
    static let serveBurst = 4 << 20
    static let servePerSecond = 1 << 20
    /// Requests for events of one neighbor that are worked on at once.
    static let serving = 16
    /// Events served for one request.
    static let serve = 256
    /// Prunes of one origin to one neighbor: one in so long, or duplicates would be answered
    /// without end.
    static let pruneEvery: Duration = .seconds(1)
    /// Events lately passed on, remembered so that none goes round while the disk refuses it; and
    /// places of which it is remembered who has them.
    static let recent = 4096
    /// Pairs of events for one place that are sent to all at once, of one origin; a session tells
    /// of further ones.
    public static let proofs = 8
    /// Links that have ended and are shown with their causes.
    static let endings = 16
    /// Nodes named in a shuffle.
    static let shuffled = 8
    /// Sessions for the same reason with one neighbor: one in so long.
    public static let reconcileAgain: Duration = .seconds(2)
}
