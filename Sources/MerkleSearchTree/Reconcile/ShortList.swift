import Core

/// A list of short ids, ascending, as Rice-coded distances.
enum ShortList {
    /// Bits of each short id of a list of `count`: `margin` more than name that many.
    static func bits(count: Int, margin: Int) -> Int { bitsToCount(count) + margin }

    /// About how many bytes a list takes.
    static func bytes(count: Int, margin: Int) -> Int { (count * (2 * margin + 5) / 2 + 7) / 8 }

    static func write(
        _ shorts: some Sequence<UInt64>, margin: Int, into out: inout BitWriter
    ) {
        var before: UInt64 = 0
        for short in shorts {
            out.writeRice(short - before, low: margin)
            before = short
        }
    }

    /// Nil where the bits are not `count` short ids.
    static func read(count: Int, margin: Int, from reader: inout BitReader) -> [UInt64]? {
        guard count <= reader.remainingBits else { return nil }
        let bound: UInt64 = 1 << UInt64(bits(count: count, margin: margin))
        var shorts: [UInt64] = []
        shorts.reserveCapacity(count)
        var short: UInt64 = 0
        for _ in 0..<count {
            guard let gap = reader.readRice(low: margin, below: bound - short) else { return nil }
            short += gap
            shorts.append(short)
        }
        return shorts
    }

    /// What only one side has: of ours the tags, ascending, of theirs the places in the list. Both
    /// lists ascend; equal short ids match one for one.
    static func compare(
        ours: [(short: UInt64, tag: Int)], theirs: [UInt64]
    ) -> (ours: [Int], theirs: [Int]) {
        var (onlyOurs, onlyTheirs): ([Int], [Int]) = ([], [])
        var own = 0
        for (place, short) in theirs.enumerated() {
            while own < ours.count, ours[own].short < short {
                onlyOurs.append(ours[own].tag)
                own += 1
            }
            if own < ours.count, ours[own].short == short {
                own += 1
            } else {
                onlyTheirs.append(place)
            }
        }
        onlyOurs += ours[own...].map(\.tag)
        return (onlyOurs.sorted(), onlyTheirs)
    }
}

extension SessionHash {
    /// Short ids with the keys' places, ascending.
    func shortIDs(
        of keys: [EventKey], bits: Int, from first: Int = 0
    ) -> [(short: UInt64, tag: Int)] {
        keys.enumerated().map { (shortID(of: $1, bits: bits), first + $0) }
            .sorted { $0.short != $1.short ? $0.short < $1.short : $0.tag < $1.tag }
    }
}
