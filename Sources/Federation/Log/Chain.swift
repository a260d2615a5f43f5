import Core

/// One origin's events in one scope, by sequence. Memory: 32 bytes an event.
struct Chain: Hashable, Sendable {
    /// Ids from sequence 1 on, without a gap.
    private(set) var prefix: [EventID] = []
    /// Ids beyond the first gap.
    private(set) var beyond: [UInt64: EventID] = [:]

    /// The highest sequence held, 0 where none is.
    private(set) var last: UInt64 = 0

    /// The id held at `sequence`.
    subscript(sequence: UInt64) -> EventID? {
        sequence >= 1 && sequence <= UInt64(prefix.count)
            ? prefix[Int(sequence) - 1] : beyond[sequence]
    }

    /// Notes that `id` stands at `sequence`; the first one noted stays. Amortised O(1).
    mutating func insert(_ id: EventID, at sequence: UInt64) {
        guard self[sequence] == nil else { return }
        last = max(last, sequence)
        guard sequence == UInt64(prefix.count) + 1 else {
            beyond[sequence] = id
            return
        }
        prefix.append(id)
        while let next = beyond.removeValue(forKey: UInt64(prefix.count) + 1) {
            prefix.append(next)
        }
    }

    /// Whether a place below `last` is empty.
    var hasGap: Bool { !beyond.isEmpty }
}

/// Names a chain.
struct ChainName: Hashable, Sendable {
    var origin: NodeID
    var scope: [UInt8]
}
