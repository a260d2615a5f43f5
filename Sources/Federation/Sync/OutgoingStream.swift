import Core

/// Our log on its way to one peer: history first, then what is new, page by page, never more than
/// one under way.
struct OutgoingStream: Sendable {
    enum State: Sendable, Equatable {
        /// Nothing to send.
        case resting
        case loading
        /// A page is with the network since this time.
        case sending(Instant)
    }

    let exchange: Exchange
    /// Whether what the reader handed to us is sent too: it began without a cursor, so it may have
    /// lost it.
    let isWhole: Bool
    /// Everything up to here was sent or left out.
    var position: UInt64
    /// What the reader was last told.
    var told: UInt64?
    var state = State.resting
    /// Whether the log has grown since the last load.
    var hasMore = true

    /// When the reader is too slow.
    var deadline: Instant? {
        if case .sending(let since) = state { since + EngineLimits.slowReader } else { nil }
    }
}
