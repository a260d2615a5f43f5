import Core
import Gossip

/// What an engine has under way over links.
struct LinkWork: Sendable {
    /// A question of ours.
    struct Question: Sendable {
        var link: LinkName
        var node: NodeID
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
    /// When who waits for a session is looked at again.
    var reconcileAt: Instant?
    /// Peers that have said that they don't gossip, and nothing else since.
    var offPeers: Set<NodeID> = []
    /// Links that have used up their share of bytes, and until when they are not read.
    var pausedUntil: [LinkName: Instant] = [:]
    /// When a session with a neighbor was last begun.
    var reconciledAt: [NodeID: Instant] = [:]

    /// When something of it is due.
    var deadline: Instant? {
        var deadline = reconcileAt
        func consider(_ due: Instant) { deadline = min(deadline ?? due, due) }
        for question in questions.values { consider(question.due) }
        for waiting in waiting.values { consider(waiting.due) }
        for due in pausedUntil.values { consider(due) }
        return deadline
    }

    /// A name for a question of somebody else; shells number theirs from 1.
    mutating func exchange(_ link: LinkName, _ number: UInt64) -> Exchange {
        lastExchange += 1
        let exchange = Exchange(number: 1 << 63 | lastExchange)
        exchanges[exchange] = (link, number)
        return exchange
    }
}
