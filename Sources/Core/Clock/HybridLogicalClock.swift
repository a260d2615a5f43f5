/// Why a clock gives no time for a new event.
public enum ClockError: Error, Equatable, Sendable {
    /// The log holds times further than `Limits.clockAhead` ahead of the wall clock; an event
    /// signed now would be set aside by every peer. Check the wall clock.
    case wallClockBehind(by: Duration)
}

/// A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", OPODIS 2014, figure 5), with
/// a bound on how far it may run ahead of the wall clock.
///
/// `last` is stored with each event it was given to, so a restart never goes back.
public struct HybridLogicalClock: Hashable, Sendable {
    /// The highest reading given out or seen.
    public private(set) var last: Timestamp

    public init(last: Timestamp = .zero) { self.last = last }

    /// A reading for a new event, higher than every earlier one.
    public mutating func tick(wall: WallTime) throws(ClockError) -> Timestamp {
        let reading = Swift.max(last.next, Timestamp(physical: wall.microseconds, counter: 0))
        guard reading.physical <= (wall + Limits.clockAhead).microseconds else {
            let ahead = Int64(clamping: reading.physical) - Int64(clamping: wall.microseconds)
            throw .wallClockBehind(by: .microseconds(ahead))
        }
        last = reading
        return reading
    }

    /// Takes in the reading of an event that was accepted.
    public mutating func observe(_ time: Timestamp) { last = Swift.max(last, time) }
}
