/// A point of the caller's monotonic time, in microseconds since a start that only the caller
/// knows.
///
/// Deadlines and round trips are measured in it; it has no relation to wall time, which enters a
/// machine as `WallTime`, so that a clock that is wrong or stepped moves no timer.
@frozen
public struct Instant: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var microseconds: Int64

    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }
    @inlinable public static var zero: Self { Self(microseconds: 0) }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    @inlinable
    public static func + (a: Self, b: Duration) -> Self {
        Self(microseconds: a.microseconds + b.microseconds)
    }

    @inlinable
    public static func - (a: Self, b: Self) -> Duration {
        .microseconds(a.microseconds - b.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    @inlinable public var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

/// What the node's wall clock reads, in microseconds since 1970-01-01 UTC. Never used for timers.
@frozen
public struct WallTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var microseconds: UInt64

    @inlinable public init(microseconds: UInt64) { self.microseconds = microseconds }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

    @inlinable
    public static func + (a: Self, b: Duration) -> Self {
        // Clamped: a clock that is set to the end of time must not end the process.
        let (sum, overflows) = Int64(clamping: a.microseconds).addingReportingOverflow(
            b.microseconds)
        return Self(microseconds: overflows ? UInt64(Int64.max) : UInt64(clamping: sum))
    }
}
