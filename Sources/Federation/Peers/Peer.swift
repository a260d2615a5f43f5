import Core

/// Another node, as long as this one runs: its durable record, and where each conversation with it
/// stands.
struct Peer: Sendable {
    var record: PeerRecord
    /// Whether the record differs from what is durable.
    var isDirty = false
    var lastHeard: Instant?
    var lastTrouble: String?
    var comparison: Comparison?
    /// The last sighting was on this very machine.
    var isSameHost = false

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

    var isActive: Bool { record.state == .active }

    /// Where discovery saw it last: a hint of anybody on the LAN, never written down.
    var seenAt: [String] = []

    var destination: Destination {
        let hints = seenAt.filter { !record.endpoints.contains($0) }
        return Destination(node: record.node, endpoints: record.endpoints + hints)
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
