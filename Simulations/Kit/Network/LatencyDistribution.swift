import Core

/// How long a message is under way, as a distribution: quantiles in whole microseconds, and
/// straight lines between them.
///
/// No floating point and no library function that differs between machines: the same draw gives the
/// same latency everywhere. One draw a message, whatever the shape.
public struct LatencyDistribution: Hashable, Sendable {
    /// So many of a million messages take at most so long.
    public struct Quantile: Hashable, Sendable {
        /// 0 to 1,000,000.
        public var perMillion: Int
        public var latency: Duration

        public init(_ perMillion: Int, _ latency: Duration) {
            self.perMillion = perMillion
            self.latency = latency
        }
    }

    /// Ascending in both, the first at 0, the last at 1,000,000.
    public let quantiles: [Quantile]
    private let shares: [Int]
    /// Microseconds, as the shares.
    private let values: [Int]
    /// Where there are two quantiles: the lower one, and how many values there are.
    private let low: Int
    private let span: Int?

    /// Nil unless the quantiles ascend (latencies may repeat) from 0 to 1,000,000 per million, and
    /// no latency is negative or above an hour.
    public init?(_ quantiles: [Quantile]) {
        let (shares, latencies) = (quantiles.map(\.perMillion), quantiles.map(\.latency))
        guard let first = quantiles.first, shares.first == 0, shares.last == Self.whole,
            zip(shares, shares.dropFirst()).allSatisfy({ $0 < $1 }),
            zip(latencies, latencies.dropFirst()).allSatisfy({ $0 <= $1 }),
            first.latency >= .zero, latencies.allSatisfy({ $0 <= .seconds(3600) })
        else { return nil }
        self.init(unchecked: quantiles)
    }

    private init(unchecked quantiles: [Quantile]) {
        self.quantiles = quantiles
        shares = quantiles.map(\.perMillion)
        values = quantiles.map { Int($0.latency.microseconds) }
        low = values[0]
        span = values.count == 2 ? values[1] - values[0] + 1 : nil
    }

    /// Always the same.
    public static func constant(_ latency: Duration) -> Self { uniform(latency...latency) }

    /// Any value of the range, as likely as any other.
    public static func uniform(_ range: ClosedRange<Duration>) -> Self {
        Self(unchecked: [Quantile(0, range.lowerBound), Quantile(whole, range.upperBound)])
    }

    private static let whole = 1_000_000

    /// Microseconds; takes exactly one draw. Complexity: O(quantiles).
    func draw(_ dice: inout Dice) -> Int {
        if let span { return low + dice.below(span) }
        let share = dice.below(Self.whole)
        var place = 1
        while shares[place] <= share { place += 1 }
        let (low, high) = (shares[place - 1], shares[place])
        return values[place - 1]
            + (values[place] - values[place - 1]) * (share - low) / (high - low)
    }
}
