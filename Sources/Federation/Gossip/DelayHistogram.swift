import Core

/// How long events took to come, in buckets each a quarter wider than the one before: quantiles are
/// exact to a tenth, and the memory is fixed.
public struct DelayHistogram: Hashable, Sendable {
    /// Upper bounds in microseconds, from 1 ms to 20 minutes.
    private static let bounds: [Int64] = {
        var bounds: [Int64] = [1000]
        while let last = bounds.last, last < 1_200_000_000 { bounds.append(last + last / 4) }
        return bounds
    }()

    private var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// Delays noted.
    public private(set) var count: UInt64 = 0

    /// Nothing noted.
    public init() {}

    /// Notes one delay; a clock that is behind makes it nothing.
    mutating func note(_ delay: Duration) {
        let bucket = Self.bounds.firstIndex { delay.microseconds <= $0 } ?? Self.bounds.count
        counts[bucket] += 1
        count += 1
    }

    /// The delay that `part` of all are no longer than; nil before the first one.
    public func quantile(_ part: Double) -> Duration? {
        guard count > 0 else { return nil }
        var left = Int64((part * Double(count)).rounded(.up))
        for (bucket, number) in counts.enumerated() {
            left -= Int64(number)
            if left <= 0 { return .microseconds(Self.bounds[min(bucket, Self.bounds.count - 1)]) }
        }
        return nil
    }
}
