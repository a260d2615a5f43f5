import Core

/// How often which latency was seen, in steps of at most 1.6 %: bounded however much is noted.
///
/// Below 64 µs each microsecond has a bucket, above each power of two has 64.
public struct LatencyHistogram: Hashable, Sendable {
    /// One bar of a chart.
    public struct Bar: Hashable, Sendable {
        /// From here to the next bar.
        public var from: Duration
        public var count: Int
    }

    /// Latencies noted.
    public private(set) var count = 0
    /// The longest one, exact.
    public private(set) var longest = Duration.zero
    private var buckets: [Int] = []

    public init() {}

    /// Takes one in.
    public mutating func note(_ latency: Duration) {
        let micros = max(0, latency.microseconds)
        let bucket = Self.bucket(of: UInt64(micros))
        while buckets.count <= bucket { buckets.append(0) }
        buckets[bucket] += 1
        count += 1
        longest = max(longest, .microseconds(micros))
    }

    /// Takes all of another one in.
    public mutating func merge(_ other: LatencyHistogram) {
        while buckets.count < other.buckets.count { buckets.append(0) }
        for (bucket, more) in other.buckets.enumerated() { buckets[bucket] += more }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// What `part` of all latencies, 0 to 1, do not exceed: the end of its bucket. Nil where
    /// nothing was noted.
    public func quantile(_ part: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((part * Double(count)).rounded(.up)))
        var seen = 0
        for (bucket, more) in buckets.enumerated() {
            seen += more
            guard seen >= rank else { continue }
            return min(longest, .microseconds(Int64(Self.start(of: bucket + 1))))
        }
        return longest
    }

    /// Bars for a chart, eight to each power of two, without the empty ones; ascending.
    public var bars: [Bar] {
        var bars: [Bar] = []
        for (bucket, more) in buckets.enumerated() where more > 0 {
            let from = Duration.microseconds(Int64(Self.start(of: bucket / 8 * 8)))
            if bars.last?.from == from {
                bars[bars.count - 1].count += more
            } else {
                bars.append(Bar(from: from, count: more))
            }
        }
        return bars
    }

    private static func bucket(of micros: UInt64) -> Int {
        guard micros >= 64 else { return Int(micros) }
        let exponent = 63 - micros.leadingZeroBitCount
        return (exponent - 5) * 64 + Int(micros >> UInt64(exponent - 6)) - 64
    }

    private static func start(of bucket: Int) -> UInt64 {
        guard bucket >= 64 else { return UInt64(bucket) }
        return UInt64(64 + bucket % 64) << UInt64(bucket / 64 - 1)
    }
}
