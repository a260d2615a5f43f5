/// Seeded randomness for timers and choices, never for anything that goes on the wire (SplitMix64:
/// Steele, Lea, Flood, OOPSLA 2014).
public struct Dice: Hashable, Sendable, RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// A whole number below `bound`, which is at least 1 (Lemire, arXiv 1805.10941; the bias is
    /// below 2^-40 for the bounds used here).
    public mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A duration drawn evenly from `range`.
    public mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let span = (range.upperBound - range.lowerBound).microseconds
        return range.lowerBound + .microseconds(below(Int(span) + 1))
    }
}
