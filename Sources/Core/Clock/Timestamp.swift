/// A hybrid logical clock's reading (Kulkarni et al., OPODIS 2014); its node part is the event's
/// origin.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Microseconds since 1970-01-01 UTC, at most 2^53-1.
    public var physical: UInt64
    /// Orders events of one microsecond.
    public var counter: UInt16

    @inlinable
    public init(physical: UInt64, counter: UInt16) {
        self.physical = physical
        self.counter = counter
    }

    @inlinable public static var zero: Self { Self(physical: 0, counter: 0) }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool {
        a.physical != b.physical ? a.physical < b.physical : a.counter < b.counter
    }

    /// The reading before this one; the first one has none but itself.
    @inlinable public var previous: Self {
        if counter > 0 { return Self(physical: physical, counter: counter - 1) }
        return physical > 0 ? Self(physical: physical - 1, counter: .max) : self
    }

    /// The next reading after this one; a full counter carries into the microseconds.
    @inlinable public var next: Self {
        counter == .max
            ? Self(physical: physical + 1, counter: 0)
            : Self(physical: physical, counter: counter + 1)
    }
}
