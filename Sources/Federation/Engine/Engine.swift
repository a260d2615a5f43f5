public import Core
public import Gossip
public import MerkleSearchTree

/// One node's whole protocol: what it says, takes in, refuses, and when.
///
/// An engine does no I/O, reads no clock and draws no randomness but from the two generators it is
/// given. The shell calls `handle` for all that happens and `advance` when `nextDeadline` is
/// reached, always with its own monotonic time, and carries out the effects in order. `Input.wall`
/// comes first, and again before whatever may depend on it.
///
/// What is acknowledged is durable: replies, reports and the index follow `Input.stored`, never a
/// `store` effect.
public struct Engine: Sendable {
    let key: SecretKey
    /// What the operator has set, and where the shell listens.
    public internal(set) var settings: Settings
    var dice: Dice
    var secrets: Secrets
    var wall = WallTime(microseconds: 0)
    /// When `wall` was read.
    private var wallAt = Instant.zero
    var index: LogIndex
    /// Who is admitted; as of the last durable write, unless `isMembershipStale`.
    public internal(set) var membership = Membership()
    var isMembershipStale = false
    /// Statements that wait for the next commit.
    var statements: [Statement] = []
    var invites: [UInt64: Invite] = [:]
    /// What of `invites` and `alarms` is not durable yet, and what is to be let go of.
    var dirtyInvites: [UInt64] = []
    var endedInvites: [UInt64] = []
    var alarms: [Alarm] = []
    var dirtyAlarms: [Alarm] = []
    var releases: [EventID] = []
    var peers = PeerTable()
    /// Whether some record differs from what is durable, and whose.
    var hasDirtyRecords = false
    var dirtyPeers: Set<NodeID> = []
    var intake = Intake()
    /// What each outstanding token was asked for.
    var asked: [Token: Purpose] = [:]
    var attempts: [Token: RegistrationAttempt] = [:]
    var introductions: [Digest: PendingIntroduction] = [:]
    /// Nodes seen on the LAN that are not known yet, and when to introduce ourselves.
    var sightings: [NodeID: (sighting: Sighting, due: Instant)] = [:]
    var streams: [NodeID: OutgoingStream] = [:]
    var responders = ResponderTable()
    var pulls: [NodeID: PullOperation] = [:]
    var commons = CommonRoots()
    /// Neighbors and broadcast trees.
    public internal(set) var gossip: GossipMachine
    var linkWork = LinkWork()
    /// How long events needed from their origin to here by gossip, by the two clocks.
    public internal(set) var gossipDelays = DelayHistogram()
    /// When the sketch in the making goes on.
    var sketchAt: Instant?
    /// How often each refusal was given, by code.
    public internal(set) var refusals: [RefusalCode: UInt64] = [:]
    /// Events that peers have handed over since the start, however often, but for those that gossip
    /// knew at once.
    public internal(set) var receivedEvents: UInt64 = 0
    private var lastToken: UInt64 = 0
    /// The time that came with the last input.
    private(set) var now = Instant.zero

    /// - Parameters:
    ///   - key: the node's identity.
    ///   - state: what its log holds.
    ///   - settings: what the operator has set.
    ///   - dice: for timers and choices; nothing of it goes on the wire.
    ///   - secrets: for salts, nonces and challenges.
    public init(
        key: SecretKey, state: LogState, settings: Settings, dice: Dice, secrets: Secrets
    ) {
        self.key = key
        self.settings = settings
        self.dice = dice
        self.secrets = secrets
        // A stream of its own, so that gossip changes no other choice.
        gossip = GossipMachine(
            node: key.node, settings: settings.gossip,
            dice: Dice(seed: self.dice.next() ^ 0x676f_7373_6970))
        index = LogIndex(state)
        peers = PeerTable(
            state.peers.filter { $0.node != key.node }.map { record in
                var peer = Peer(record)
                peer.isHeldBack = AuthTier.deviceBound < settings.policy.minAuthTier
                return peer
            })
        invites = Dictionary(state.invites.map { ($0.id, $0) }) { a, _ in a }
        alarms = state.alarms
        let ground = Membership.Ground(
            own: key.node, policy: settings.policy, records: peers.mapValues(\.record))
        membership = Membership(ground, index.controls, index.chains)
        index.plant(state, membership)
        // What follows from it for the peers is done with the first input.
        isMembershipStale = true
        for node in peers.order { planStart(with: node) }
    }

    /// Takes one input. Complexity: that of the input's events; peers are gone through only where a
    /// change concerns them all.
    public mutating func handle(_ input: Input, at now: Instant, into effects: inout [Effect]) {
        self.now = now
        switch input {
        case .wall(let time):
            let isFirst = wall.microseconds == 0
            setWall(time, now)
            // Later on it comes before another input, with which all that follows is found.
            if !isFirst { return }
        case .append(let token, let drafts): append(drafts, token, now, &effects)
        case .operate(let token, let operation): operate(operation, token, now, &effects)
        case .importEvents(let token, let batch): importEvents(batch, token, &effects)
        case .sighted(let sighting): sighted(sighting, now, &effects)
        case .vanished(let node): sightings[node] = nil
        case .request(let exchange, let caller, let request):
            answer(request, exchange, caller, now, &effects)
        case .drained(let exchange): drained(exchange, now, &effects)
        case .abandoned(let exchange): abandoned(exchange)
        case .response(let token, let node, let tlsKey, let response, let wire):
            charge(wire, for: token)
            received(response, token, from: node, tlsKey: tlsKey, now, &effects)
        case .failed(let token, let failure): failed(token, failure, now, &effects)
        case .page(let token, let page): streamed(page, token, now, &effects)
        case .closed(let token, let failure): streamClosed(token, failure, now, &effects)
        case .verified(let token, let verdicts): verified(token, verdicts, &effects)
        case .loaded(let token, let loaded): self.loaded(loaded, token, now, &effects)
        case .stored(let token): stored(token, now, &effects)
        case .storeFailed(let token, let cause): storeFailed(token, cause, now, &effects)
        case .linked(let link, let caller): linked(link, caller, now, &effects)
        case .received(let link, let bytes): received(bytes, over: link, now, &effects)
        case .written(let link): tell(.written(link), now, &effects)
        case .unlinked(let link, let failure): unlinked(link, failure, now, &effects)
        case .shutdown: tell(.shutdown, now, &effects)
        }
        conclude(now, &effects)
    }

    /// What follows from every input: who is admitted is known before the next commit is composed.
    private mutating func conclude(_ now: Instant, _ effects: inout [Effect]) {
        keepSketches(now)
        settleMembership(now, &effects)
        passOn(now, &effects)
        commit(now, &effects)
        readOnAll(now, &effects)
        settlePeers(now, &effects)
    }

    mutating func settleMembership(_ now: Instant, _ effects: inout [Effect]) {
        // Following a rotation approves somebody, which makes it stale once more; a chain of them
        // ends.
        var rounds = 0
        while isMembershipStale, rounds < 2 * MembershipLimits.rotations {
            refreshMembership(now, &effects)
            rounds += 1
        }
        if rounds > 0 { takeInDue(&effects) }
    }

    private mutating func setWall(_ time: WallTime, _ now: Instant) {
        // Where the clock was set, the peers' clocks are that much nearer or farther: a clock that
        // was corrected need not wait for the next handshakes.
        let step = (time - wall) - (now - wallAt)
        if step.magnitude > EngineLimits.clockNoise {
            for node in peers.order { peers[node]?.clock?.offset -= step }
        }
        wall = time
        wallAt = now
    }

    /// Fires the timers that are due.
    public mutating func advance(to now: Instant, into effects: inout [Effect]) {
        self.now = now
        takeInDue(&effects)
        continueSightings(now, &effects)
        for node in peers.due(at: now) { advancePeer(node, now, &effects) }
        advanceGossip(now, &effects)
        for node in streams.keys.sorted() { advanceStream(of: node, now, &effects) }
        sweep(now)
        conclude(now, &effects)
    }

    /// When `advance` has something to do next, if nothing happens before; nil where no timer runs.
    public var nextDeadline: Instant? {
        var deadline = asideDeadline
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            deadline = min(deadline ?? instant, instant)
        }
        if hasDirtyRecords { consider(intake.retryAt) }
        consider(sketchAt)
        consider(peers.nextDeadline)
        consider(gossip.nextDeadline)
        consider(linkWork.deadline)
        for stream in streams.values { consider(stream.deadline) }
        for expiry in responders.expiries.values { consider(expiry) }
        for introduction in introductions.values { consider(introduction.expires) }
        for sighting in sightings.values { consider(sighting.due) }
        return deadline
    }

    /// When the next event that was set aside is due, by the wall clock as it was last read.
    private var asideDeadline: Instant? {
        guard let due = index.nextAside, intake.storing == nil else { return nil }
        let wait = Int64(clamping: due) - Int64(clamping: (wall + Limits.clockAhead).microseconds)
        // Half a second late, so that the wall clock has surely passed it.
        return wallAt + .microseconds(max(0, wait)) + .milliseconds(500)
    }

    /// A token that was never used.
    mutating func token(for purpose: Purpose) -> Token {
        lastToken += 1
        let token = Token(number: lastToken)
        asked[token] = purpose
        return token
    }

    /// Forgets what is over: sessions and introductions of others that ended in silence.
    private mutating func sweep(_ now: Instant) {
        responders.sweep(now)
        for (name, introduction) in introductions where introduction.expires <= now {
            introductions[name] = nil
        }
    }
}

/// What a token was asked for.
enum Purpose: Sendable {
    case verify(Job)
    case store
    case page(Exchange, NodeID)
    case streamPage(NodeID, Exchange)
    case delivery(Exchange, SessionName)
    case bodyDelivery(Exchange, NodeID)
    case upload(NodeID)
    case uploading(NodeID, [EventID])
    case sessionLoad(NodeID, session: UInt64)
    case sessionPush(NodeID, session: UInt64, [EventKey])
    case sessionMessage(NodeID, session: UInt64)
    case sessionFetch(NodeID, session: UInt64)
    case sessionAdmissions(NodeID, session: UInt64)
    case pull(NodeID)
    case locate(NodeID)
    case stream(NodeID)
    case bodies(NodeID)
    case register
    case leave
    case gossipServe(LinkName)
    case gossipProof
}

extension Engine {
    /// The node's identity.
    public var node: NodeID { key.node }
    /// This log's name.
    public var logID: LogID { index.id }
    /// Root of the tree of all durable events.
    public var root: Digest { index.root }
    /// The tree of all durable events; a snapshot, O(1).
    public var tree: MerkleSearchTree { index.tree }
    /// Durable events.
    public var eventCount: Int { index.tree.count }
    /// Events held without their body.
    public var missingBodyCount: Int { index.missingBodies.count }
    /// Events from the future, waiting for their time.
    public var asideCount: Int { index.aside.count }
    /// Places of chains that were signed twice, as far as is known.
    public var equivocationCount: Int { index.equivocations.count }
    /// The highest place in use in the log.
    public var position: UInt64 { index.lastPosition }
    /// The last place of this node's own chain, 0 before the first event.
    public var ownSequence: UInt64 { index.end(of: key.node, scope: []).sequence - 1 }
    /// Sessions that peers have begun here and that can go on.
    public var openSessions: Int { responders.count }
    /// All peers' records, by node.
    public var peerRecords: [PeerRecord] { peers.order.compactMap { peers[$0]?.record } }

    /// How things stand with one peer, for those who watch.
    public func view(of node: NodeID) -> PeerStanding? {
        guard let peer = peers[node] else { return nil }
        let isStreaming = if case .streaming = peer.download.state { true } else { false }
        return PeerStanding(
            record: peer.record, lastHeard: peer.lastHeard, comparison: peer.comparison,
            isEqual: peer.comparison.map { $0.verdict == .equal && $0.root == root },
            isStreaming: isStreaming, isCaughtUp: peer.download.isCaughtUp,
            lastTrouble: peer.lastTrouble, clockOffset: peer.clock?.offset,
            nextTry: Self.deadline(of: peer), isHeldBack: peer.isHeldBack,
            isUnreachable: peer.isUnreachable, notices: peer.notices,
            isSameHost: peer.isSameHost, lastSession: peer.lastSession)
    }

    /// Takes over what only the running shell knows: where the node listens, and under which TLS
    /// key.
    public mutating func listens(at endpoints: [String], tlsKey: Digest) {
        settings.endpoints = Array(endpoints.prefix(MessageLimits.endpoints))
        settings.tlsKey = tlsKey
        guard settings.isAutomatic else { return }
        // Peers may know us by an address of yesterday.
        for node in peers.order where peers[node]?.isActive == true {
            peers[node]?.registration.retryAt = .zero
        }
    }

    func report(_ report: Report, _ effects: inout [Effect]) { effects.append(.report(report)) }

    mutating func count(_ code: RefusalCode) { refusals[code, default: 0] += 1 }
}

/// How things stand with one peer.
public struct PeerStanding: Sendable {
    public var record: PeerRecord
    public var lastHeard: Instant?
    public var comparison: Comparison?
    /// Whether the last comparison said equal and nothing has changed here since; nil before the
    /// first one.
    public var isEqual: Bool?
    /// Whether its log is being streamed to us.
    public var isStreaming: Bool
    public var isCaughtUp: Bool
    public var lastTrouble: String?
    /// How far its clock is ahead of ours; nil before it was measured.
    public var clockOffset: Duration?
    /// When something is tried with it next, if nothing happens before; nil where nothing is
    /// planned.
    public var nextTry: Instant?
    /// The policy asks for more proof than it gave.
    public var isHeldBack: Bool
    /// None of its addresses answered when last tried.
    public var isUnreachable: Bool
    /// What it told us last in passing.
    public var notices: Notices
    public var isSameHost: Bool
    /// The last session that we began and that came to a verdict since the start.
    public var lastSession: SessionRecord?
}
