public import Core

/// The side of a reconcile session that asks, whatever the method: bytes in, bytes out, no I/O.
///
/// Send what `start` returns; hand every answer to `receive` and do what it says until it is `done`
/// or `failed`.
public protocol ReconcileInitiating: Sendable {
    /// What both sides hold, once `done`; nil where not all was compared.
    var common: CommonRoot? { get }

    /// The first message. Called once.
    mutating func start() -> [UInt8]

    /// Takes in the responder's answer to the last message.
    mutating func receive(_ message: [UInt8]) -> ReconcileStep

    /// The message that has the responder compare results. Called after `exchange`, when the events
    /// named there have been pushed and fetched; `received` are the keys of those that were fetched
    /// and stored.
    mutating func close(received: [EventKey]) -> [UInt8]
}

/// The side of a reconcile session that answers.
public protocol ReconcileResponding: Sendable {
    /// Takes in a message of the initiator.
    mutating func receive(_ message: [UInt8]) -> ReconcileReply

    /// Tells the machine which events the initiator has pushed in this session and we have stored.
    mutating func received(_ keys: [EventKey])

    /// What both sides hold, once that is proven; nil where not all was compared.
    var common: CommonRoot? { get }
}

/// What the initiator's shell does next.
public enum ReconcileStep: Sendable, Equatable {
    /// Send this message and hand its answer to `receive`.
    case send([UInt8])
    /// Send all these at once and hand over their answers in whatever order they come.
    case gather([[UInt8]])
    /// Nothing, until the other answers are here.
    case wait
    /// The difference is known: move the events, then send what `close` returns.
    case exchange(ReconcileDifference)
    /// Both sides hold the same set, and its root has proven it.
    case done(ReconcileOutcome)
    /// The session is over; begin another one later.
    case failed(ReconcileFailure)
}

/// What the responder's shell answers.
public enum ReconcileReply: Sendable, Equatable {
    /// Answer with this message.
    case send([UInt8])
    /// Answer with these events.
    case deliver([EventKey])
    /// Answer with an error and forget the session.
    case failed(ReconcileFailure)
}

/// How two sets differ, as the initiator knows it.
public struct ReconcileDifference: Sendable, Equatable {
    /// Our keys that the responder lacks, ascending: push their events.
    public var have: [EventKey]
    /// How many keys the responder has and we lack.
    public var needCount: Int
    /// Messages to send to the responder, which delivers the events we lack; empty where we lack
    /// none.
    public var wants: [[UInt8]]

    public init(have: [EventKey], needCount: Int, wants: [[UInt8]]) {
        self.have = have
        self.needCount = needCount
        self.wants = wants
    }
}

/// What a finished session has proven.
public struct ReconcileOutcome: Sendable, Equatable {
    /// How the difference was found.
    public var method: ReconcileMethod
    /// Keys of later events were not compared; nil where neither side named a time.
    public var cutoff: Timestamp?
    /// How many sessions in a row it took; more than 1 where fingerprints have collided.
    public var attempts: Int

    public init(
        method: ReconcileMethod = .equal, cutoff: Timestamp? = nil, attempts: Int = 1
    ) {
        self.method = method
        self.cutoff = cutoff
        self.attempts = attempts
    }
}

/// How a session found the difference; the last way, where it took several.
public enum ReconcileMethod: String, Sendable {
    /// There was none.
    case equal
    /// From the root that the last session had proven.
    case known
    /// One side's keys are the first ones of the other's.
    case prefix
    /// A list of the newest keys.
    case list
    case sketch
    case descent
}

/// Why a session ended without a proof.
public enum ReconcileFailure: Error, Sendable, Equatable {
    /// The peer's message has no meaning.
    case malformed
    /// The peer's message is longer than we take.
    case tooLarge
    /// The peer asks about more ranges at once than we keep.
    case tooManyRanges
    /// The session goes on for too long.
    case tooManyMessages
    /// The peer's message has a meaning, but not now.
    case unexpected
    /// The roots still differ after this many attempts.
    case notEqual(attempts: Int)
}

/// By what an initiator looks for a difference.
public enum ReconcileWays: Sendable {
    /// Whatever costs least: what nodes use.
    case all
    /// Splitting and comparing ranges alone.
    case descent
    /// Sketches of the whole sets, without looking at what is newest.
    case sketch
}

/// What a session may cost.
public struct ReconcileLimits: Sendable, Equatable {
    /// The longest message, in bytes; 2,048 to 1,048,576. Longer work goes on in further messages.
    public private(set) var messageBytes: Int
    /// Ranges that a side has open at once, about 100 bytes each. Beyond it a side splits no
    /// further.
    public var openRanges: Int
    /// Messages of one side in one attempt.
    public var messages: Int
    /// Attempts, each with a salt of its own, until the roots are equal.
    public var attempts: Int
    /// What the initiator may try; narrower ones are for comparing.
    public var ways: ReconcileWays
    /// The longest answer that comes in parts, in bytes.
    public var bodyBytes: Int
    /// Fixes the bits of a fingerprint, so that a test can make them collide.
    var fingerprintBits: Int?
    /// Fixes the margin of lists, so that a test can make them collide.
    var margin: Int?

    /// A list up to this many bytes is sent unasked.
    static let listBytes = 700
    /// The most new keys that are listed from a known root where a cutoff is named: some 200 bytes.
    static let lateGains = 64
    /// A list that is asked for has no more keys: to hash and sort them takes some ten
    /// milliseconds.
    static let listKeys = 1 << 17

    public init(
        messageBytes: Int = 65_536, openRanges: Int = 65_536, messages: Int = 4_096,
        attempts: Int = 3, ways: ReconcileWays = .all, bodyBytes: Int = 1 << 20
    ) {
        // Above 1 MiB a list could need short ids of more than 64 bits.
        self.messageBytes = min(max(2_048, messageBytes), 1 << 20)
        self.openRanges = openRanges
        self.messages = messages
        self.attempts = attempts
        self.ways = ways
        self.bodyBytes = min(bodyBytes, 1 << 22)
    }

    /// 64 KiB a message, 65,536 open ranges, 4,096 messages, 3 attempts.
    public static let standard = ReconcileLimits()
}
