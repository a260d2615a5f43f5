import Core

/// Work on its way to durability.
struct Job: Sendable {
    /// Where it came from, and so who is told how it ended.
    enum Source: Sendable {
        case push(Exchange, NodeID)
        case streamed(NodeID, Token, next: Cursor, isEnd: Bool)
        case pulled(NodeID, next: Cursor, isEnd: Bool)
        case fetched(NodeID, session: UInt64)
        case bodies(NodeID)
        /// Over a link, by a neighbor.
        case gossiped(NodeID)
        case append(Token)
        case imported(Token)
        case aside
        /// What this node says about others.
        case statements
        /// Only records; whoever waits for them is answered.
        case records(RecordsAnswer)
    }

    /// Who waits for a record to be durable.
    enum RecordsAnswer: Sendable {
        case nobody
        case request(Exchange, Response)
        /// Whoever registered hears how that stands then.
        case registration(Exchange, NodeID)
        case operation(Token, NodeID)
        case invite(Token, Invite)
        case done(Token)
    }

    var source: Source
    var events: [Event] = []
    /// Places of unreadable events in the message.
    var malformed: [Int] = []
    /// Whether each event's signatures hold; nil until that is known.
    var verdicts: [Bool?] = []
    var drafts: [Draft] = []
    /// What became of each event; filled when the commit is composed.
    var outcomes: [Outcome] = []
    /// Entries made of the drafts.
    var made: [LogEntry] = []
    var refusal: Refusal?

    init(_ source: Source, _ batch: Batch = Batch(), drafts: [Draft] = []) {
        self.source = source
        events = batch.events
        malformed = batch.malformed
        self.drafts = drafts
    }

    /// The peer that handed the events to us.
    var sender: NodeID? {
        switch source {
        case .push(_, let node), .streamed(let node, _, _, _), .pulled(let node, _, _),
            .fetched(let node, _), .bodies(let node), .gossiped(let node):
            node
        case .append, .imported, .aside, .statements, .records: nil
        }
    }

    var bytes: Int {
        events.reduce(0) { $0 + $1.wireSize } + drafts.reduce(0) { $0 + $1.body.count + 512 }
    }

    /// Outcomes in the order of the message, the unreadable ones in their places.
    var allOutcomes: [Outcome] {
        var all = outcomes
        for place in malformed { all.insert(.refused(.malformed), at: min(place, all.count)) }
        return all
    }
}

/// The way of events into the log: verified side by side, committed one group at a time.
struct Intake: Sendable {
    /// Verified, waiting for the next commit, oldest first.
    var ready: [Job] = []
    /// The commit under way.
    var storing: Storing?
    /// Jobs and bytes between arrival and durability.
    var jobs = 0
    var bytes = 0
    /// Streams whose next page waits for room, in the order of their last pages.
    var withheld: [Token] = []
    /// After a failure: when records may be written again.
    var retryAt: Instant?

    struct Storing: Sendable {
        var token: Token
        var jobs: [Job]
        var write: LogWrite
        /// Statements that are said by it.
        var statements: Int
        /// Cursors that move when this is durable.
        var cursors: [NodeID: Cursor]
    }

    /// Whether one more batch from others may come in.
    var hasRoom: Bool { jobs < EngineLimits.jobs && bytes < EngineLimits.jobBytes }
}
