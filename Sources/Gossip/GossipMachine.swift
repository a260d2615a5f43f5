public import Core

/// Broadcast trees, one for each origin, over a partial view of the registered peers.
///
/// A node keeps a few **neighbors** (HyParView's active view), to each of them one link. An event
/// goes on to those who want it unasked, and is announced to the others; who hears of one that
/// does not come asks for it, and thereby mends the tree (Plumtree). What all this misses is found
/// by comparing logs with a random neighbor now and then.
///
/// A machine: no I/O, no clock, no randomness but `dice`. The engine calls `handle` for all that
/// happens and `advance` when `nextDeadline` is reached, and carries out the effects in order. It
/// also sees to the messages of sessions that links carry (`ask`, `answer`).
public struct GossipMachine: Sendable {
    let node: NodeID
    public internal(set) var settings: GossipSettings
    var dice: Dice
    /// Active peers, ascending.
    var registry: [NodeID] = []
    var links = LinkTable()
    /// The link over which a peer is reached, where it is open.
    var linkOf: [NodeID: LinkName] = [:]
    var slots = [LinkName?](repeating: nil, count: GossipLimits.slots)
    var dials: [LinkName: Dial] = [:]
    var contacts: [NodeID: Contact] = [:]
    /// Peers lately known to be alive, the newest last.
    var passive: [NodeID] = []
    var trees: [NodeID: OriginTree] = [:]
    var missing: [Place: Missing] = [:]
    var coming: [EventID: Coming] = [:]
    var comingPlaces: [Place: Int] = [:]
    /// Keeps short names of places from being foreseen; goes nowhere.
    let salt: UInt64
    /// Who has which place.
    var known = RecentTable()
    /// Who was asked for which place and has not sent it.
    var asked = RecentTable()
    /// What was passed on.
    var relayed = RecentTable()
    var proofs: [NodeID: Int] = [:]
    var timers = Timers()
    var evictedAt: Instant?
    /// Since when views are kept.
    var onSince: Instant?
    var lastNumber: UInt64 = 0
    var isOver = false
    /// Of links that have ended.
    var past = LinkTally()
    var endings = LinkEndings()

    struct Dial: Sendable {
        var node: NodeID
        var purpose: LinkPurpose
        var since: Instant
    }

    /// What trying to reach a peer has shown.
    struct Contact: Sendable {
        var retryAt = Instant.zero
        var failures = 0
        /// Until when no link of its own is taken either.
        var refuseUntil: Instant?
    }

    struct Timers: Sendable {
        var announce: Instant?
        var missing: Instant?
        var fill: Instant?
        var tick: Instant?
        var reconcile: Instant?
        var redial: Instant?
        var shuffle: Instant?
        var rotate: Instant?

        var next: Instant? {
            var next: Instant?
            func consider(_ timer: Instant?) {
                guard let timer else { return }
                next = min(next ?? timer, timer)
            }
            consider(announce)
            consider(missing)
            consider(fill)
            consider(tick)
            consider(reconcile)
            consider(redial)
            consider(shuffle)
            consider(rotate)
            return next
        }
    }

    public init(node: NodeID, settings: GossipSettings, dice: Dice) {
        self.node = node
        self.settings = settings
        self.dice = dice
        salt = self.dice.next()
    }

    /// Takes one input.
    public mutating func handle(
        _ input: GossipInput, at now: Instant, _ log: some GossipLog,
        into effects: inout [GossipEffect]
    ) {
        switch input {
        case .registry(let nodes): setRegistry(nodes, now, &effects)
        case .settings(let settings):
            self.settings = settings
            settleMode(now, &effects)
        case .linked(let name, let node): linked(name, node, now, &effects)
        case .received(let name, let bytes): received(bytes, over: name, now, log, &effects)
        case .written(let name):
            links[name]?.isWriting = false
            write(name, &effects)
        case .unlinked(let name): unlinked(name, now, log, &effects)
        case .accepted(let events, let node, let isLate):
            accepted(events, from: node, isLate: isLate, now, &effects)
        case .dropped(let events, let node, let isInvalid):
            dropped(events, from: node, isInvalid, now, &effects)
        case .stored(let events): stored(events, now, log, &effects)
        case .served(let name, let events): served(events, over: name, now, &effects)
        case .proof(let events): prove(events, &effects)
        case .unanswered(let name):
            // A session that waits for it keeps others from theirs.
            if let node = links[name]?.node {
                leaveAlone(node, for: GossipLimits.redialLast, now)
            }
            close(name, .silent, now, &effects)
        case .slow(let node, let hasNext):
            if let name = linkOf[node] { links[name]?.answersSlowly = true }
            if !hasNext { compareWithSomebodyElse(&effects) }
        case .paused(let name, let isPaused):
            links[name]?.isPaused = isPaused
            if !isPaused {
                links[name]?.heardAt = now
                links[name]?.resumedAt = now
            }
        case .shutdown:
            isOver = true
            for name in links.keys { close(name, .shutdown, now, &effects) }
        }
    }

    /// When `advance` has something to do next; nil where no timer runs.
    public var nextDeadline: Instant? { isOver ? nil : timers.next }

    /// Fires the timers that are due.
    public mutating func advance(
        to now: Instant, _ log: some GossipLog, into effects: inout [GossipEffect]
    ) {
        guard !isOver else { return }
        if fires(\.announce, now) { announceAll(&effects) }
        if fires(\.missing, now) { askForMissing(now, log, &effects) }
        if fires(\.fill, now) { fill(now, &effects) }
        if fires(\.tick, now) { tick(now, &effects) }
        if fires(\.reconcile, now) { reconcileWithSomebody(now, &effects) }
        if fires(\.redial, now) { redial(now, &effects) }
        if fires(\.shuffle, now) { shuffle(now, &effects) }
        if fires(\.rotate, now) { rotate(now, &effects) }
    }

    private mutating func fires(
        _ timer: WritableKeyPath<Timers, Instant?>, _ now: Instant
    ) -> Bool {
        guard let due = timers[keyPath: timer], due <= now else { return false }
        timers[keyPath: timer] = nil
        return true
    }

    /// Sets a timer to `period`, give or take one `give`th of it.
    mutating func plan(
        _ timer: WritableKeyPath<Timers, Instant?>, in period: Duration, _ now: Instant,
        give: Int = 2
    ) {
        let slack = Duration.microseconds(period.microseconds / Int64(give))
        timers[keyPath: timer] = now + dice.duration(in: period - slack...period + slack)
    }
}

/// What links carry for sessions.
extension GossipMachine {
    /// The link over which a message may go to a peer; nil where none is open.
    public func link(to node: NodeID) -> LinkName? {
        guard let name = linkOf[node], links[name]?.carriesMessages == true else { return nil }
        return name
    }

    /// What all links have carried since the start.
    public var tally: LinkTally { links.values.reduce(into: past) { $0 += $1.tally } }

    /// Whether the peer is only visited.
    public func isVisit(_ node: NodeID) -> Bool {
        linkOf[node].map { links[$0]?.phase == .visit } ?? false
    }

    /// Who is at a link's other end.
    public func peer(of name: LinkName) -> NodeID? { links.node(of: name) }

    /// What it has cost to look at what a link has brought since this was last asked for, in bytes
    /// of events that cost as much.
    public mutating func takeWork(of name: LinkName) -> Int {
        defer { links[name]?.work = 0 }
        return links[name]?.work ?? 0
    }

    /// Whom a link that is not open yet was to reach.
    public func dialled(_ name: LinkName) -> NodeID? { dials[name]?.node }

    /// The neighbors' links, and who is at their other ends.
    package var neighborNames: [(link: LinkName, node: NodeID)] {
        neighborLinks.compactMap { name in links[name].map { (name, $0.node) } }
    }

    /// How this side has numbered origins on a link; nil where it is not open.
    package func originTable(of name: LinkName) -> OriginTable? {
        links[name]?.outbox.table.readable
    }

    /// Active peers, ascending.
    package var activePeers: [NodeID] { registry }

    /// Whether no link is open and no event on its way.
    public var isIdle: Bool { links.isEmpty && coming.isEmpty }

    /// Sends a question or an answer; false where there is no room, or no link.
    public mutating func send(
        _ message: LinkMessage, eventBytes: Int, over name: LinkName,
        into effects: inout [GossipEffect]
    ) -> Bool {
        if case .answer = message { links[name]?.questions -= 1 }
        guard links[name]?.carriesMessages == true,
            links[name]?.outbox.send(message, eventBytes: eventBytes) == true
        else { return false }
        write(name, &effects)
        return true
    }

    /// A session with a peer has ended. A visit ends with it, unless the two were not equal: then
    /// gossip does not reach from one to the other, and they become neighbors.
    public mutating func reconciled(
        with node: NodeID, wereEqual: Bool, inTime: Bool = true, at now: Instant,
        into effects: inout [GossipEffect]
    ) {
        guard let name = linkOf[node] else { return }
        if inTime { links[name]?.answersSlowly = false }
        guard links[name]?.phase == .visit, name.isOurs else { return }
        guard !wereEqual, links[name]?.purpose == .visit else {
            return close(name, .done, now, &effects)
        }
        links[name]?.purpose = .urgent
        links[name]?.phase = .asking
        links[name]?.messageAt = now
        send(.hello(versions: [Frame.version], .urgent), .membership, over: name, now, &effects)
    }
}
