import Core

/// One link that is open.
struct LinkState: Sendable {
    enum Phase: Sendable, Equatable {
        /// Until both sides have said hello.
        case greeting
        case neighbor(slot: Int)
        case visit
        /// A visit of ours that asks to stay.
        case asking
        /// Only what was written goes out.
        case closing
    }

    let name: LinkName
    let node: NodeID
    let since: Instant
    var phase = Phase.greeting
    var purpose = LinkPurpose.neighbor
    var buffer = FrameBuffer()
    /// Origins as the other side has numbered them.
    var table = OriginTable()
    /// The message that comes in pieces.
    private(set) var message: [UInt8] = []
    var outbox = Outbox()
    /// Whether the network still has what was last transmitted.
    var isWriting = false
    /// Whether events are only announced, because a queue was full.
    var isDegraded = false
    /// Whether announcements may go out.
    var mayAnnounce = false
    var heardAt: Instant
    /// Whether we read nothing from it for now, so that its silence says nothing; and when we began
    /// to read again.
    var isPaused = false
    var resumedAt: Instant?
    /// When a piece of a session's message last went or came, or the link became a visit.
    var messageAt: Instant
    /// When it last asked for our view, and whether we wait for its own.
    var shuffledAt: Instant?
    var awaitsShuffle = false
    var pingedAt: Instant?
    var pingNumber: UInt64 = 0
    var roundTrip: Duration?
    /// Its questions that are worked on.
    var questions = 0
    var missing = 0
    /// What it has announced and is not asked for yet, the oldest first; and how much of its window
    /// is taken by what it is asked for.
    var rows: Queue<Row> = Queue()
    var taken = 0
    /// What reading it has cost since that was last asked for, as bytes.
    var work = 0
    var promisesBroken = 0
    /// Events that came here first, since neighbors were last weighed.
    var firsts = 0
    var tally = LinkTally()
    /// Whether its last session took longer than its turn.
    var answersSlowly = false
    /// Answers to it that are being read.
    private var serving = 0
    private var serveBytes = GossipLimits.serveBurst
    private var servedAt: Instant

    init(_ name: LinkName, _ node: NodeID, at now: Instant) {
        self.name = name
        self.node = node
        since = now
        heardAt = now
        messageAt = now
        servedAt = now
    }

    var slot: Int? { if case .neighbor(let slot) = phase { slot } else { nil } }

    /// Whether messages of sessions may go over it.
    var carriesMessages: Bool {
        switch phase {
        case .neighbor, .visit, .asking: true
        case .greeting, .closing: false
        }
    }

    /// Whether it may be asked for more of its rows.
    var hasWindow: Bool { taken < GossipLimits.window }

    /// Remembers a row to ask for; false where there is no room.
    mutating func lineUp(_ range: PlaceRange, at now: Instant) -> Bool {
        guard rows.count < GossipLimits.rows else { return false }
        rows.append(Row(range: range, since: now))
        return true
    }

    /// The first place of the first row has had its turn.
    mutating func passRow() {
        rows.changeFirst {
            $0.range.from += 1
            $0.range.count -= 1
        }
        if rows.first?.range.count == 0 { _ = rows.popFirst() }
    }

    /// Whether it may be served now; pays where it may, for so many events that it has had already.
    /// What they take beyond an ordinary size is paid when they are read, so one answer may go over
    /// the share.
    mutating func mayServe(_ again: Int, at now: Instant) -> Bool {
        // A link may have asked for nothing in a year.
        let elapsed = min(now - servedAt, .seconds(10))
        let grown = elapsed.microseconds * Int64(GossipLimits.servePerSecond) / 1_000_000
        serveBytes = min(GossipLimits.serveBurst, serveBytes + Int(grown))
        servedAt = now
        guard serveBytes > 0 || again == 0, serving < GossipLimits.serving else { return false }
        serving += 1
        serveBytes -= again * Self.ordinaryBytes
        return true
    }

    /// An answer was read: what of it was sent before is paid in full.
    mutating func served(again: [Event]) {
        serving = max(0, serving - 1)
        serveBytes -= again.reduce(0) { $0 + max(0, $1.wireSize - Self.ordinaryBytes) }
    }

    private static let ordinaryBytes = 512

    /// What to put on the wire now; nil while the network still has what went before.
    mutating func nextChunk() -> [UInt8]? {
        guard !isWriting else { return nil }
        let bytes = outbox.chunk(withAnnouncements: mayAnnounce, &tally)
        mayAnnounce = false
        isWriting = !bytes.isEmpty
        return bytes
    }

    /// Whether it has just read all that waited for it, after it had been too slow.
    mutating func catchesUp() -> Bool {
        guard isDegraded, outbox.isEmpty else { return false }
        isDegraded = false
        return true
    }

    mutating func hear(_ bytes: [UInt8], at now: Instant) {
        heardAt = now
        tally.receivedBytes += bytes.count
        buffer.append(bytes)
    }

    /// A new event came over it.
    mutating func note(deliveredAfter hop: UInt8) {
        tally.delivered += 1
        tally.hops += Int(hop)
        tally.lastHop = max(tally.lastHop, Int(hop))
        firsts += 1
    }

    /// What was asked for has come after all.
    mutating func keptPromise() { promisesBroken = max(0, promisesBroken - 1) }

    /// Whether what it was asked for may still lie in the network because we did not read it.
    func mayHaveAnswered(at now: Instant) -> Bool {
        isPaused || resumedAt.map { now - $0 < GossipLimits.graftFirst.upperBound } ?? false
    }

    /// Takes a piece of a message; false where the message is too long.
    mutating func take(part: [UInt8], at now: Instant) -> Bool {
        messageAt = now
        guard message.count + part.count <= GossipLimits.messageBytes else { return false }
        message += part
        return true
    }

    /// The message whose last piece has come.
    mutating func takeMessage() -> [UInt8] {
        defer { message = [] }
        return message
    }

    /// Nothing that waits goes out any more, nor is anything read.
    mutating func beginClosing() {
        phase = .closing
        outbox = Outbox()
        message = []
        buffer = FrameBuffer()
    }
}
