/// Up to where a chain counts: its events before `sequence` that lead to `id`, and `id` itself.
public struct Cut: Hashable, Comparable, Sendable {
    /// 0 for none of the chain.
    public var sequence: UInt64
    /// The last event that counts; nil exactly where `sequence` is 0.
    public var id: EventID?

    /// Nil unless there is an id exactly where `sequence` is not 0.
    public init?(sequence: UInt64, id: EventID?) {
        guard (sequence == 0) == (id == nil) else { return nil }
        self.sequence = sequence
        self.id = id
    }

    /// Everything up to and including this event.
    public init(through id: EventID, at sequence: UInt64) {
        precondition(sequence > 0, "an event stands at 1 or later")
        self.sequence = sequence
        self.id = id
    }

    private init() {
        sequence = 0
        id = nil
    }

    /// None of the chain.
    public static let nothing = Cut()

    public static func < (a: Self, b: Self) -> Bool {
        if a.sequence != b.sequence { return a.sequence < b.sequence }
        guard let first = a.id, let second = b.id else { return false }
        return first < second
    }
}

extension CBORWriter {
    /// `[sequence, id / null]`.
    public mutating func cut(_ cut: Cut) {
        array(2)
        unsigned(cut.sequence)
        optional(cut.id) { $0.data($1) }
    }
}

extension CBORReader {
    /// `[sequence, id / null]`, null exactly at 0.
    public mutating func cut() throws(CBORError) -> Cut {
        try array(exactly: 2)
        let sequence = try unsigned()
        let id = try optional { r throws(CBORError) in try r.identifier(as: EventID.self) }
        guard let cut = Cut(sequence: sequence, id: id) else { throw .outOfRange }
        return cut
    }
}
