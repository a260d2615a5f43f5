public import Core

/// How fast a bucket fills and how much it holds.
public struct Rate: Hashable, Sendable {
    /// Tokens of a full bucket: what may come at once.
    public var burst: Int64
    /// Tokens that flow back each second: what may come for ever. At least 1.
    public var perSecond: Int64

    public init(burst: Int64, perSecond: Int64) {
        self.burst = max(1, burst)
        self.perSecond = max(1, perSecond)
    }
}

/// A token bucket: bounds what one caller may have by a burst and a rate.
///
/// It holds what was spent, so that a new one is full whatever its rate, and forgetting one means
/// no more than filling it. Time that runs backwards is taken for standing still.
public struct TokenBucket: Hashable, Sendable {
    /// Millionths of a token, because a rate a second times microseconds is just that.
    private var spent: Int64 = 0
    private var at: Instant = .zero

    /// A full bucket.
    public init() {}

    /// How long until `cost` tokens are there; nil where they are now. A cost beyond the burst
    /// counts as the whole bucket, or it could never be paid.
    public func wait(for cost: Int64, _ rate: Rate, at now: Instant) -> Duration? {
        guard cost > 0 else { return nil }
        let price = min(cost, rate.burst) * Self.unit
        let missing = spending(rate, at: now) + price - rate.burst * Self.unit
        guard missing > 0 else { return nil }
        return .microseconds((missing + rate.perSecond - 1) / rate.perSecond)
    }

    /// Takes `cost` tokens out, as far as there are so many.
    public mutating func take(_ cost: Int64, _ rate: Rate, at now: Instant) {
        guard cost > 0 else { return }
        let price = min(cost, rate.burst) * Self.unit
        let before = spending(rate, at: now)
        spent = max(before, min(before + price, rate.burst * Self.unit))
        at = max(at, now)
    }

    /// Takes `cost` tokens out for what was done already, if need be as a debt of one burst at
    /// most; says how long until there is none.
    public mutating func owe(_ cost: Int64, _ rate: Rate, at now: Instant) -> Duration? {
        guard cost > 0 else { return nil }
        spent = spending(rate, at: now) + min(cost, rate.burst) * Self.unit
        at = max(at, now)
        let debt = spending(rate, at: now) - rate.burst * Self.unit
        return debt > 0 ? .microseconds((debt + rate.perSecond - 1) / rate.perSecond) : nil
    }

    /// Puts tokens back that were taken for nothing.
    public mutating func giveBack(_ count: Int64) {
        // More than was spent is not owed.
        let (price, overflows) = max(0, count).multipliedReportingOverflow(by: Self.unit)
        spent = overflows ? 0 : max(0, spent - price)
    }

    private func spending(_ rate: Rate, at now: Instant) -> Int64 {
        let elapsed = max(0, (now - at).microseconds)
        let (refill, overflows) = elapsed.multipliedReportingOverflow(by: rate.perSecond)
        return overflows ? 0 : max(0, min(spent, 2 * rate.burst * Self.unit) - refill)
    }

    private static let unit: Int64 = 1_000_000
}
