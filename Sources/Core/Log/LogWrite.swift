/// An event at its place in this node's log.
public struct LogEntry: Hashable, Sendable {
    /// Place in the log, from 1, ascending, not always gapless.
    public var position: UInt64
    public var event: Event
    /// The peer that handed it to us; nil for our own.
    public var sender: NodeID?

    public init(position: UInt64, event: Event, sender: NodeID?) {
        self.position = position
        self.event = event
        self.sender = sender
    }
}

/// A valid event from the future, kept until it is due.
public struct AsideEvent: Hashable, Sendable {
    public var event: Event
    public var sender: NodeID?

    public init(event: Event, sender: NodeID?) {
        self.event = event
        self.sender = sender
    }
}

/// An event that was refused, remembered so that the cursor may pass it and the operator can ask
/// why.
public struct RefusedEvent: Hashable, Sendable {
    public var id: EventID
    public var sender: NodeID?
    /// A stable code of docs/PROTOCOL.md.
    public var reason: String
    /// Microseconds since 1970.
    public var time: UInt64
    /// The first time that this sender's copy was refused, and why then.
    public var firstTime: UInt64
    public var firstReason: String
    /// How often it was refused.
    public var count: UInt64

    /// A refusal that happens now; reading a log gives the earlier ones.
    public init(id: EventID, sender: NodeID?, reason: String, time: UInt64) {
        self.id = id
        self.sender = sender
        self.reason = reason
        self.time = time
        firstTime = time
        firstReason = reason
        count = 1
    }
}

/// Two events that one origin signed for one place of its chain.
public struct Equivocation: Hashable, Sendable {
    public var origin: NodeID
    public var scope: [UInt8]
    public var sequence: UInt64
    public var first: EventID
    public var second: EventID

    public init(
        origin: NodeID, scope: [UInt8], sequence: UInt64, first: EventID, second: EventID
    ) {
        self.origin = origin
        self.scope = scope
        self.sequence = sequence
        self.first = first
        self.second = second
    }
}

/// One transaction: all of it becomes durable, or nothing.
public struct LogWrite: Hashable, Sendable {
    public var entries: [LogEntry] = []
    /// Bodies of events that are held without one.
    public var bodies: [EventID: Body] = [:]
    public var aside: [AsideEvent] = []
    /// Ids that are set aside no longer: taken in by `entries`, or dropped.
    public var released: [EventID] = []
    public var refused: [RefusedEvent] = []
    public var equivocations: [Equivocation] = []
    /// For entries whose `previous` is not what stands before them here: that id.
    public var links: [EventID: EventID] = [:]
    /// Records to insert or to replace.
    public var peers: [PeerRecord] = []
    /// Invites to insert or to replace, and the ids of those that are over.
    public var invites: [Invite] = []
    public var endedInvites: [UInt64] = []
    /// Alarms; one for each kind and node is kept, the first one.
    public var alarms: [Alarm] = []
    /// The clock's reading after this; never lower than what is stored.
    public var clock: Timestamp?

    public init() {}

    public var isEmpty: Bool { self == LogWrite() }
}

/// What a log holds when it is opened: all that an engine starts from.
public struct LogState: Sendable {
    public var id: LogID
    public var clock: Timestamp
    /// The highest position in use, 0 in an empty log.
    public var lastPosition: UInt64
    /// Every event held, in the order of the tree.
    public var keys: [EventKey]
    /// Every event's place in its origin's chain, in the order of the log.
    public var places: [ChainPlace]
    /// What `LogWrite.links` wrote down.
    public var links: [EventID: EventID]
    /// The events whose kind decides who is admitted, as far as their bodies are held.
    public var controls: [Event]
    /// Events held without their body.
    public var missingBodies: [EventID]
    public var aside: [AsideEvent]
    public var equivocations: [Equivocation]
    public var peers: [PeerRecord]
    public var invites: [Invite]
    public var alarms: [Alarm]

    public init(id: LogID) {
        self.id = id
        clock = .zero
        lastPosition = 0
        keys = []
        places = []
        links = [:]
        controls = []
        missingBodies = []
        aside = []
        equivocations = []
        peers = []
        invites = []
        alarms = []
    }
}

/// Where an event stands in its origin's chain.
public struct ChainPlace: Hashable, Sendable {
    public var origin: NodeID
    public var scope: [UInt8]
    public var sequence: UInt64
    public var key: EventKey

    public init(origin: NodeID, scope: [UInt8], sequence: UInt64, key: EventKey) {
        self.origin = origin
        self.scope = scope
        self.sequence = sequence
        self.key = key
    }
}
