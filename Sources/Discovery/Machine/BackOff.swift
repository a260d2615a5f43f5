/// Waits that double from the first to the longest, until something succeeds.
struct BackOff: Sendable, Equatable {
    private var wait = DiscoveryLimits.backOff.lowerBound

    /// The wait before the next attempt; the one after it is twice as long, within the limit.
    mutating func take() -> Duration {
        defer { wait = min(wait * 2, DiscoveryLimits.backOff.upperBound) }
        return wait
    }

    mutating func reset() { self = BackOff() }
}
