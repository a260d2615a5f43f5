/// Where an event stands in the tree: its time, then its id.
///
/// As bytes (42): physical microseconds (8, big-endian), counter (2, big-endian), id (32).
/// Comparing keys compares these bytes.
@frozen
public struct EventKey: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Microseconds since 1970 of the event's hybrid logical clock.
    public var physical: UInt64
    public var counter: UInt16
    public var id: EventID

    @inlinable
    public init(physical: UInt64, counter: UInt16, id: EventID) {
        self.physical = physical
        self.counter = counter
        self.id = id
    }

    @inlinable
    public init(time: Timestamp, id: EventID) {
        self.init(physical: time.physical, counter: time.counter, id: id)
    }

    /// The clock's reading.
    @inlinable public var time: Timestamp { Timestamp(physical: physical, counter: counter) }

    /// Bytes that `append` adds.
    public static let byteCount = 42

    @inlinable
    public static func < (a: Self, b: Self) -> Bool {
        if a.physical != b.physical { return a.physical < b.physical }
        if a.counter != b.counter { return a.counter < b.counter }
        return a.id < b.id
    }

    /// Appends the 42 bytes.
    @inlinable
    public func append(to out: inout [UInt8]) {
        out.append(bigEndian: physical)
        out.append(UInt8(truncatingIfNeeded: counter >> 8))
        out.append(UInt8(truncatingIfNeeded: counter))
        id.append(to: &out)
    }
}
