/// Losses that come together: each direction of each pair of nodes is well or ill, and changes with
/// each message that it carries (Gilbert, BSTJ 39, 1960; Elliott, BSTJ 42, 1963).
///
/// Of all messages a share of `enter / (enter + leave)` meets the bad state; a burst lasts
/// `1 / leave` messages on average.
public struct BurstLoss: Hashable, Sendable {
    /// Chance that a direction that is well falls ill, for each message, 0 to 1.
    public var enter: Double
    /// Chance that it is well again.
    public var leave: Double
    /// Chance that a message is lost while it is ill.
    public var loss: Double

    public init(enter: Double, leave: Double, loss: Double = 1) {
        self.enter = enter
        self.leave = leave
        self.loss = loss
    }
}

/// Some messages are later than they should be, so that what was sent after them overtakes them.
/// Requests and answers only: links and streams keep their order.
public struct Reordering: Hashable, Sendable {
    /// Chance that a message is delayed, 0 to 1.
    public var share: Double
    /// By how much more.
    public var delay: LatencyDistribution

    public init(
        share: Double,
        delay: LatencyDistribution = .uniform(.milliseconds(50)...(.milliseconds(500)))
    ) {
        self.share = share
        self.delay = delay
    }
}
