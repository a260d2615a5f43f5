import Core
import Gossip

/// What an engine has under way over links.
struct LinkWork: Sendable {
    /// A question of ours.
    struct Question: Sendable {
        var link: LinkName
        var node: NodeID
        var asked: Instant
        var due: Instant
        var sentBytes: Int
    }

    /// Events that wait until their sender may order their verification again. Nothing more is read
    /// from the link meanwhile.
    struct Waiting: Sendable {
        var events: [Event]
        var node: NodeID
        var due: Instant
    }

    var questions: [Token: Question] = [:]
    /// Questions of others that are worked on.
    var exchanges: [Exchange: (link: LinkName, number: UInt64)] = [:]
    var lastExchange: UInt64 = 0
    var waiting: [LinkName: Waiting] = [:]
    /// Links that are not read because too much is on its way to the disk.
    var withheld: Set<LinkName> = []
    /// Links of which the gossip layer has heard that they are not read.
    var paused: Set<LinkName> = []
    /// What the gossip layer is to hear of before the next commit.
    var pending: [GossipInput] = []
    /// The neighbor whose log is being compared with ours, since when, and who is next: of two
    /// sessions at once both would bring the same events.
    var reconciling: (node: NodeID, since: Instant)?
    var nextToReconcile: [NodeID] = []
    /// Sessions that are begun later.
    private var later: [(node: NodeID, due: Instant)] = []
    /// Whose last turn ran out before its session was over: they get a short one.
    var slow: Set<NodeID> = []
    /// The lowest times of what was stored lately, of a tenth of a second each.
    private var late: [(at: Instant, lowest: Timestamp)] = []
    /// Peers that have said that they don't gossip, and nothing else since.
    var offPeers: Set<NodeID> = []
    /// Links that have used up their share of bytes, and until when they are not read.
    var pausedUntil: [LinkName: Instant] = [:]
    /// When a session with a neighbor was last begun.
    var reconciledAt: [NodeID: Instant] = [:]

    /// When something of it is due.
    var deadline: Instant? {
        var deadline = turnEnd
        func consider(_ due: Instant) { deadline = min(deadline ?? due, due) }
        for question in questions.values { consider(question.due) }
        for waiting in waiting.values { consider(waiting.due) }
        for due in pausedUntil.values { consider(due) }
        for session in later { consider(session.due) }
        return deadline
    }

    /// When others may begin a session although the one that has its turn goes on.
    var turnEnd: Instant? {
        guard let (node, since) = reconciling else { return nil }
        let isSlow = slow.contains(node)
        var end = since + (isSlow ? EngineLimits.slowTurn : EngineLimits.sessionTurn)
        // Whoever leaves a question open for long has had its turn.
        let patience = isSlow ? EngineLimits.slowTurn : EngineLimits.turnAnswer
        for question in questions.values where question.node == node {
            end = min(end, max(since, question.asked) + patience)
        }
        return end
    }

    /// Plans a session, unless one is to begin at about that time: none is put off by a later one.
    mutating func reconcile(with node: NodeID, at due: Instant) {
        let isPlanned = later.contains { $0.node == node && due - $0.due < .seconds(1) }
        if !isPlanned { later.append((node, due)) }
    }

    /// Takes out whose sessions are due.
    mutating func takeDue(_ now: Instant) -> [NodeID] {
        defer { later.removeAll { $0.due <= now } }
        return later.filter { $0.due <= now }.map(\.node)
    }

    /// Notes what was stored, of what a session would leave out for being young.
    mutating func noteLate(_ times: some Sequence<Timestamp>, above limit: WallTime, _ now: Instant)
    {
        late.removeAll { now - $0.at > EngineLimits.gossipYouth }
        guard let lowest = times.lazy.filter({ $0.physical > limit.microseconds }).min() else {
            return
        }
        if let last = late.last, now - last.at < .milliseconds(100) {
            late[late.count - 1].lowest = min(last.lowest, lowest)
        } else {
            late.append((now, lowest))
        }
    }

    /// The lowest time of what was stored within the grace; nil where nothing was.
    func lowestOfLate(_ now: Instant) -> Timestamp? {
        late.filter { now - $0.at <= EngineLimits.gossipYouth }.map(\.lowest).min()
    }

    /// A name for a question of somebody else; shells number theirs from 1.
    mutating func exchange(_ link: LinkName, _ number: UInt64) -> Exchange {
        lastExchange += 1
        let exchange = Exchange(number: 1 << 63 | lastExchange)
        exchanges[exchange] = (link, number)
        return exchange
    }
}
