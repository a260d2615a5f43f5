public import Core
public import Gossip

/// What a shell MUST carry out, in order, and answer with the input that names the same token.
public enum Effect: Hashable, Sendable {
    /// Check each event's signatures; `Input.verified`.
    case verify(Token, [Event])
    /// Read from the log; `Input.loaded`.
    indirect case load(Token, Query)
    /// Make all of it durable in one transaction, in the order of the effects; `Input.stored` only
    /// after that.
    indirect case store(Token, LogWrite)
    /// Answer a request; for a stream, send one more page and say `Input.drained` when the network
    /// has it.
    indirect case reply(Exchange, Response)
    /// End a stream of somebody else.
    indirect case close(Exchange, Refusal?)
    /// Ask `to`; `Input.response` or `Input.failed`.
    indirect case send(Token, to: Destination, Request)
    /// Open a stream of this peer's log; `Input.page`s, then `Input.closed`.
    indirect case open(Token, to: Destination, since: Cursor?)
    /// The last page of this stream of ours was taken in; read the next one. Until then nothing
    /// more may be read from the network.
    case proceed(Token)
    /// Let go of a stream of ours.
    case cancel(Token)
    /// Open a link to this peer; `Input.linked` or `unlinked`.
    indirect case link(LinkName, to: Destination)
    /// Put bytes on a link; `Input.written`.
    case transmit(LinkName, [UInt8])
    /// Read on from a link.
    case read(LinkName)
    /// End a link, after what was transmitted; `Input.unlinked`.
    case unlink(LinkName)
    /// Tell the operator, or whoever waits.
    indirect case report(Report)
}

/// Whom to reach, and where.
public struct Destination: Hashable, Sendable {
    /// The identity that must answer; nil where a first contact is to find out.
    public var node: NodeID?
    /// Addresses to try, in order.
    public var endpoints: [String]
    /// Those of them that nothing but the peer's own word names: what they resolve to must pass
    /// `DialRule`.
    public var claimed: Set<String>
    /// Ranges that the operator allows all the same.
    public var allowed: [AddressRange]
    /// Whether the peer is known to run on this machine, so that its loopback is ours.
    public var isSameHost: Bool

    public init(
        node: NodeID?, endpoints: [String], claimed: Set<String> = [],
        allowed: [AddressRange] = [], isSameHost: Bool = false
    ) {
        self.node = node
        self.endpoints = endpoints
        self.claimed = claimed
        self.allowed = allowed
        self.isSameHost = isSameHost
    }
}

/// What to read from the log.
public enum Query: Hashable, Sendable {
    /// Entries after `position`, at most `events` and `bytes` of them, without those that
    /// `excluding` handed to us.
    case page(after: UInt64, events: Int, bytes: Int, excluding: NodeID?)
    /// These events in this order, as far as they are held, until they take so many bytes together:
    /// the one that reaches it is the last.
    case events([EventID], bytes: Int)

    /// As many of these events as a page holds: whoever needs more asks again.
    public static func events(_ ids: [EventID]) -> Self {
        .events(ids, bytes: MessageLimits.pageBytes)
    }
}

/// What happened, for those who watch.
public enum Report: Hashable, Sendable {
    /// The events of an `append` are durable.
    case appended(Token, [LogEntry])
    case appendFailed(Token, Refusal)
    case imported(Token, [Outcome])
    /// An operation has ended.
    case operation(Token, OperationResult)
    /// These entries are new in the log, durable.
    case accepted([LogEntry])
    /// An event was refused; once for each time it came.
    case refused(EventID?, sender: NodeID?, RefusalCode)
    case equivocation(Equivocation)
    /// A registration moved.
    case peerChanged(PeerRecord)
    /// What a comparison with a peer showed.
    case compared(NodeID, Comparison)
    /// A peer can't be reached, or answers otherwise than it should.
    case trouble(NodeID?, String)
    /// Two running processes use one key, ours or a peer's; or another thing that the operator must
    /// look at. The evidence is durable.
    case alarm(Alarm)
    /// This node, restored from a backup, has caught up with a peer and may post again.
    case caughtUp(with: NodeID)
    /// A peer has become a neighbor, or is one no longer, for the cause that was given.
    case neighbor(NodeID, isUp: Bool, ByeCause?)
    /// An event that came by gossip is durable here; it was passed on so often.
    case delivered(EventID, hop: UInt8)
}

/// What two nodes know about each other's logs after a session.
public struct Comparison: Hashable, Sendable {
    /// What a session ended with.
    public enum Verdict: String, Hashable, Sendable {
        /// Same root, and neither misses a body.
        case equal
        /// Same root up to the time that both clocks allow; one side holds later events, which were
        /// not compared.
        case equalSoFar = "equal-so-far"
        /// Same root, but a body is missing on one side.
        case bodiesMissing = "bodies-missing"
        /// The roots differ.
        case different
        /// The two admit different origins; of those that both admit, they hold the same.
        case equalInCommon = "equal-in-common"

        /// Whether everything that both sides admit is on both.
        var showsCommonLog: Bool {
            self == .equal || self == .bodiesMissing || self == .equalInCommon
        }
    }

    public var verdict: Verdict
    /// Our root when the verdict was found.
    public var root: Digest

    public init(verdict: Verdict, root: Digest) {
        self.verdict = verdict
        self.root = root
    }
}

/// How an operation ended.
public enum OperationResult: Hashable, Sendable {
    case done
    /// The record after the operation.
    case peer(PeerRecord)
    case invite(Invite)
    case synced(SyncResult)
    case failed(Refusal)
}

/// What a session with one peer did.
public struct SyncResult: Hashable, Sendable {
    public var peer: NodeID
    /// New here.
    public var received: Int
    /// Pushed to the peer.
    public var sent: Int
    /// Requests made, but for such that went at once.
    public var roundTrips: Int
    /// What finding the difference took; nil where the logs were not compared.
    public var account: SessionAccount?
    /// Nil where the logs were not compared.
    public var comparison: Comparison?

    public init(
        peer: NodeID, received: Int = 0, sent: Int = 0, roundTrips: Int = 0,
        comparison: Comparison? = nil
    ) {
        self.peer = peer
        self.received = received
        self.sent = sent
        self.roundTrips = roundTrips
        self.comparison = comparison
    }
}
