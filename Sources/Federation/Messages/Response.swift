public import Core

/// What a node answers.
public enum Response: Hashable, Sendable {
    /// To `introduce`.
    case challenge(Challenge)
    /// To `confirm`, `ownRecord` and `leave`: how the registration stands at the receiver.
    case registration(RegistrationState)
    /// To `push`: what became of each event, in the order of the request.
    case outcomes([Outcome])
    /// To `pull`, and each frame of `stream`.
    case page(Page)
    /// To `reconcile`.
    case message([UInt8], Notices)
    /// To `fetch` and `bodies`.
    case events(Batch)
    /// To `status`.
    case status(PeerStatus)
    case refused(Refusal)
    /// To `admissions`: whom the receiver admits.
    case admissions([AdmittedOrigin])
}

/// What a node has to tell a peer in passing.
public struct Notices: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The teller holds events without their body, so that it can't be equal to anybody.
    public static let missesBodies = Notices(rawValue: 1)
    /// Two running processes use the peer's key.
    public static let keyTwice = Notices(rawValue: 2)
    /// The teller could not reach the peer at any of its addresses when it last tried.
    public static let unreachable = Notices(rawValue: 4)
    /// The teller admits other origins than the session's other side has said that it does.
    public static let admitsOthers = Notices(rawValue: 8)
}

/// Second message of a registration, B to A.
public struct Challenge: Hashable, Sendable {
    public var node: NodeID
    public var nonce: Digest
    public var card: NodeCard
    /// B's wall clock.
    public var time: WallTime
    /// B's signature of the transcript, 64 bytes.
    public var signature: [UInt8]
    public var joinProof: Digest?

    public init(
        node: NodeID, nonce: Digest, card: NodeCard, time: WallTime, signature: [UInt8],
        joinProof: Digest?
    ) {
        self.node = node
        self.nonce = nonce
        self.card = card
        self.time = time
        self.signature = signature
        self.joinProof = joinProof
    }
}

/// How a registration stands, as one side tells the other.
public struct RegistrationState: Hashable, Sendable {
    public var state: PeerRecord.State
    /// Whether the side that tells has approved.
    public var isApproved: Bool
    public var notices: Notices

    public init(state: PeerRecord.State, isApproved: Bool, notices: Notices = []) {
        self.state = state
        self.isApproved = isApproved
        self.notices = notices
    }
}

/// What became of one pushed event. All but `refused` mean: durable, need not be sent again.
public enum Outcome: Hashable, Sendable {
    case stored
    case alreadyHeld
    /// Kept until its time has come.
    case setAside
    case refused(RefusalCode)
}

/// A piece of a log.
public struct Page: Hashable, Sendable {
    /// Where to go on; passes also what was left out because the requester sent it.
    public var next: Cursor
    /// Whether `next` is the end of the log as it was.
    public var isEnd: Bool
    public var events: Batch

    public init(next: Cursor, isEnd: Bool, events: Batch) {
        self.next = next
        self.isEnd = isEnd
        self.events = events
    }
}

/// What a node tells a peer about itself.
public struct PeerStatus: Hashable, Sendable {
    public var log: LogID
    /// The end of its log now.
    public var position: UInt64
    public var eventCount: UInt64
    /// Root of the tree.
    public var root: Digest
    /// Events held without their body.
    public var missingBodies: UInt64

    public init(
        log: LogID, position: UInt64, eventCount: UInt64, root: Digest, missingBodies: UInt64
    ) {
        self.log = log
        self.position = position
        self.eventCount = eventCount
        self.root = root
        self.missingBodies = missingBodies
    }
}
