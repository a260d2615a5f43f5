import Core

/// One origin's events in one scope, by sequence. Memory: 48 bytes an event.
struct Chain: Hashable, Sendable {
    /// Keys from sequence 1 on, without a gap.
    private(set) var prefix: [EventKey] = []
    /// Keys beyond the first gap.
    private(set) var beyond: [UInt64: EventKey] = [:]
    /// Further events at a place that is taken.
    private(set) var rivals: [UInt64: [EventKey]] = [:]
    /// `previous` of events that don't follow what stands before them here.
    private var links: [EventID: EventID] = [:]

    /// The highest sequence held, 0 where none is.
    private(set) var last: UInt64 = 0

    /// The first key that was noted at `sequence`.
    subscript(sequence: UInt64) -> EventKey? {
        sequence >= 1 && sequence <= UInt64(prefix.count)
            ? prefix[Int(sequence) - 1] : beyond[sequence]
    }

    /// Notes that `key` stands at `sequence`; the first one noted stays the place's own. `previous`
    /// is given where it is not the id that stands before. Amortised O(1).
    mutating func insert(_ key: EventKey, at sequence: UInt64, link previous: EventID?) {
        links[key.id] = previous
        if let held = self[sequence] {
            guard held != key, rivals[sequence]?.contains(key) != true else { return }
            rivals[sequence, default: []].append(key)
            return
        }
        last = max(last, sequence)
        guard sequence == UInt64(prefix.count) + 1 else {
            beyond[sequence] = key
            return
        }
        prefix.append(key)
        while let next = beyond.removeValue(forKey: UInt64(prefix.count) + 1) {
            prefix.append(next)
        }
    }

    /// Events held, but for rivals.
    var count: Int { prefix.count + beyond.count }

    /// Whether a place below `last` is empty.
    var hasGap: Bool { !beyond.isEmpty }

    /// Every place and key held, in no order that may reach an effect.
    func forEach(_ body: (UInt64, EventKey) -> Void) {
        for (place, key) in prefix.enumerated() { body(UInt64(place) + 1, key) }
        for (sequence, key) in beyond { body(sequence, key) }
        for (sequence, keys) in rivals { for key in keys { body(sequence, key) } }
    }

    /// The last event that follows from the chain's first one, event by event; where there are
    /// several branches, the end of the longest. Nothing where the first one is missing.
    ///
    /// Beyond it anything could still be put in: an event far ahead of a gap may be signed by
    /// whoever wants room below it. O(1) for a chain that came in its order and was never signed
    /// twice, else O(its length).
    var connectedEnd: Cut {
        if rivals.isEmpty, links.isEmpty {
            return prefix.last.map { Cut(through: $0.id, at: UInt64(prefix.count)) } ?? .nothing
        }
        var end = Cut.nothing
        var branches = keys(at: 1).map(\.id)
        while let first = branches.first {
            end = Cut(through: first, at: end.sequence + 1)
            let held = self[end.sequence]?.id
            branches = keys(at: end.sequence + 1).map(\.id).filter { id in
                (links[id] ?? held).map { branches.contains($0) } ?? false
            }
        }
        return end
    }

    private func keys(at sequence: UInt64) -> [EventKey] {
        (self[sequence].map { [$0] } ?? []) + (rivals[sequence] ?? [])
    }

    /// Events at or below the cut that don't lead to it.
    ///
    /// The chain is followed down from the cut's event; where an event is missing, what stands
    /// below it stays, because nobody can say to which branch it belongs. O(1) for a chain that
    /// came in its order and was never signed twice, else O(the cut's sequence).
    func strays(below cut: Cut) -> Set<EventID> {
        guard var wanted = cut.id else { return [] }
        var strays: Set<EventID> = []
        var sequence = cut.sequence
        let isStraight = rivals.isEmpty && links.isEmpty
        while sequence > 0 {
            let keys = keys(at: sequence)
            for key in keys where key.id != wanted { strays.insert(key.id) }
            guard !isStraight, keys.contains(where: { $0.id == wanted }),
                let next = links[wanted] ?? self[sequence - 1]?.id
            else { break }
            wanted = next
            sequence -= 1
        }
        return strays
    }
}

/// Names a chain.
struct ChainName: Hashable, Sendable {
    var origin: NodeID
    var scope: [UInt8]
}
