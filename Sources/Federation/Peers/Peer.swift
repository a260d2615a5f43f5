import Core

/// Another node, as long as this one runs: its durable record, and where each conversation with it
/// stands.
struct Peer: Sendable {
    var record: PeerRecord
    /// Whether the record differs from what is durable.
    var isDirty = false
    /// Whether it was active when that was last looked at.
    var countsAsActive = false
    var lastHeard: Instant?
    var lastTrouble: String?
    var comparison: Comparison?
    /// It was seen, or heard, on this very machine.
    var isSameHost = false
    /// The policy asks for more proof than it gave: its registration rests.
    var isHeldBack = false
    var clock: ClockReading?
    /// What it may still ask for, and what of it was charged for events that are being looked at.
    var budget = Budget()
    var instances = Instances()
    /// Until when it is told that its key is in use twice.
    var keyTwiceUntil: Instant?
    /// None of its addresses answered when last tried.
    var isUnreachable = false
    /// What it told us last in passing.
    var notices: Notices = []
    /// Whom it admits, as it last said; nil where it never did.
    var admits: [AdmittedOrigin]?
    /// The last session showed that it admits others than we do.
    var contextDiffers = false
    /// The last session that we began and that came to a verdict.
    var lastSession: SessionRecord?

    var registration = Registration()
    var download = Download()
    var upload = Upload()
    var session: InitiatorSession?
    /// When to compare logs next; nil where nothing is planned.
    var compareAt: Instant?
    /// When bodies may be asked for again.
    var bodiesAt: Instant = .zero
    /// Where the peer's log ended when a bootstrapping session began.
    var bootstrap: Cursor?

    /// What it gave its operator for ours, until it has been shown there.
    var invite: Invite?

    /// Whether it pulls our log from the start, until it has come to the end.
    var readsAll = false
    /// What the operator was told last.
    var announced: Standing?

    init(_ record: PeerRecord) { self.record = record }

    /// What of a record is news.
    struct Standing: Sendable, Equatable {
        var state: PeerRecord.State
        var isApprovedHere: Bool

        init(_ record: PeerRecord) {
            state = record.state
            isApprovedHere = record.isApprovedHere
        }
    }

    var isActive: Bool { record.state == .active && !isHeldBack }

    /// How far a clock is ahead of ours, and when that was measured.
    struct ClockReading: Sendable {
        var offset: Duration
        var at: Instant
    }

    /// Where discovery saw it last: a hint of anybody on the LAN, never written down.
    var seenAt: [String] = []

    /// Addresses that nothing but the peer's own word names; a stranger's are not dialled.
    private var claims: [String] { record.isApprovedHere ? record.endpoints : [] }

    /// Whether there is any address to try.
    var isDialable: Bool { !record.given.isEmpty || !claims.isEmpty || !seenAt.isEmpty }

    /// Whom to dial and where: what the operator gave, what the peer claims, hints of the LAN last.
    func destination(_ policy: Policy) -> Destination {
        let trusted = Set(record.given + seenAt)
        let claimed = claims.filter { !trusted.contains($0) }
        let known = record.given + claims.filter { !record.given.contains($0) }
        return Destination(
            node: record.node, endpoints: known + seenAt.filter { !known.contains($0) },
            claimed: Set(claimed), allowed: policy.allowAddresses, isSameHost: isSameHost)
    }

    /// Our side of a registration.
    struct Registration: Sendable {
        enum Step: Sendable, Equatable {
            case idle
            case introducing(Introduction)
            case confirming
        }
        var step = Step.idle
        /// When to try next; nil where there is nothing to tell.
        var retryAt: Instant?
        var attempts = 0
    }

    /// How we read the peer's log.
    struct Download: Sendable {
        enum State: Sendable, Equatable {
            case idle
            /// Asks for status, to know where the log ends before a reconcile fills what is
            /// missing.
            case locating(Token)
            case streaming(Token)
        }
        var state = State.idle
        var retryAt: Instant?
        var attempts = 0
        /// Whether the last page reached the end of the peer's log.
        var isCaughtUp = false
    }

    /// Own events that the peer has not acknowledged, where no stream of ours carries them.
    struct Upload: Sendable {
        var ids: [EventID] = []
        var isBusy = false
        var retryAt: Instant?
        var attempts = 0
    }
}

/// Waits between attempts: doubling from one second to a minute, with a quarter of jitter so that a
/// federation doesn't knock in step after an outage.
enum Backoff {
    static func wait(attempts: Int, _ dice: inout Dice) -> Duration {
        let base = Duration.seconds(min(60, 1 << min(attempts, 6)))
        return dice.duration(in: base * 3 / 4...base * 5 / 4)
    }
}
