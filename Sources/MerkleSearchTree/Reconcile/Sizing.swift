import Core

/// The question for a sketch of the right size: the parities of all that the initiator holds, and
/// of its newest keys.
struct Sizing {
    /// Keys from a time on, where the differences may stand densely.
    struct Suffix {
        var start: UInt64
        var parity: [UInt8]

        /// log2 of the initiator's keys in it.
        var size: Int { parity.log2Bits - 2 }
        /// A responder with more keys there does not take it for dense.
        var mostKeys: Int { 4 << size }
        var margin: Int { size + 7 }
    }

    var parity: [UInt8]
    var suffixes: [Suffix] = []

    /// From this many differences on, suffixes are worth their bytes.
    static let dense = 100

    init(parity: [UInt8], suffixes: [Suffix]) {
        self.parity = parity
        self.suffixes = suffixes
    }

    init?(_ reader: inout ByteReader) {
        guard let parity = Self.readParity(&reader) else { return nil }
        self.parity = parity
        guard reader.flags.contains(.suffixes) else { return }
        guard let count = reader.readByte(), (1...2).contains(count) else { return nil }
        for _ in 0..<count {
            guard let start = reader.readVarint(), let parity = Self.readParity(&reader),
                suffixes.last.map({ $0.start < start }) ?? true
            else { return nil }
            suffixes.append(Suffix(start: start, parity: parity))
        }
    }

    private static func readParity(_ reader: inout ByteReader) -> [UInt8]? {
        guard let power = reader.readByte(), (6...16).contains(power) else { return nil }
        return reader.readBytes(1 << (Int(power) - 3)).map(Array.init)
    }

    var encoded: [UInt8] {
        var out = [MessageKind.size.byte(suffixes.isEmpty ? [] : .suffixes)]
        Self.append(parity, to: &out)
        guard !suffixes.isEmpty else { return out }
        out.append(UInt8(suffixes.count))
        for suffix in suffixes {
            out.append(varint: suffix.start)
            Self.append(suffix.parity, to: &out)
        }
        return out
    }

    private static func append(_ parity: [UInt8], to out: inout [UInt8]) {
        out.append(UInt8(parity.log2Bits))
        out += parity
    }

    /// log2 of the bits that estimate about `count` differences well.
    static func power(for count: Int) -> Int {
        min(16, bitsToCount(max(64, count <= 80 ? 6 * count : 4 * count)))
    }
}

extension [UInt8] {
    /// log2 of the bits, whose number is a power of two.
    var log2Bits: Int { (count * 8).trailingZeroBitCount }
}

/// Asking.
extension Sizing {
    /// What the holder of `index` asks with, where about `estimate` keys differ.
    init(_ index: ReconcileIndex, _ sketch: Sketch, estimate: Int, looksForDense: Bool) {
        parity = sketch.parity.folded(to: Self.power(for: estimate))
        guard looksForDense, estimate >= Self.dense else { return }
        let smallest = bitsToCount(estimate / 8)
        for size in [smallest + 1, smallest] where size <= 14 {
            guard 16 << size <= index.tree.count else { continue }
            let start = index.tree.key(atRank: index.tree.count - 1 << size).physical
            guard start > suffixes.last?.start ?? 0 else { continue }
            let keys = index.tree.keys(ranks: index.tree.ranks(from: start))
            guard keys.count <= 2 << size else { continue }
            let parity = ParityBitmap(keys, sketch.hash).folded(to: size + 2)
            suffixes.append(Suffix(start: start, parity: parity))
        }
    }
}

extension MerkleSearchTree {
    /// The places of the keys whose time is `physical` or later.
    func ranks(from physical: UInt64) -> Range<Int> {
        rank(of: EventKey(physical: physical, counter: 0, id: .zero))..<count
    }
}

/// What the responder answers a sizing with.
enum SizedReply: Equatable {
    /// This many syndromes.
    case syndromes(Int)
    /// This many cells of all keys or, with a suffix, of those before it.
    case cells(Int, suffix: Int?)
    /// More than a body or the sketch holds.
    case none
}

extension Sizing {
    /// The cheapest reply that the other side can decode, as a rule.
    func reply(_ index: ReconcileIndex, _ sketch: Sketch, atLeast least: Int) -> SizedReply {
        let own = sketch.parity.folded(to: parity.log2Bits)
        let all = DifferenceEstimate(own, parity).atLeast(least)
        if let count = all.syndromeCount { return .syndromes(count) }
        var best = (bytes: all.cellCount * Cells.byteCount, suffix: Int?.none, cells: all.cellCount)
        for (place, suffix) in suffixes.enumerated() {
            let ranks = index.tree.ranks(from: suffix.start)
            guard ranks.count <= suffix.mostKeys else { continue }
            let own = ParityBitmap(index.tree.keys(ranks: ranks), sketch.hash)
            let dense = DifferenceEstimate(own.folded(to: suffix.size + 2), suffix.parity)
            let cells = all.without(dense).cellCount
            let bytes =
                cells * Cells.byteCount
                + ShortList.bytes(count: ranks.count, margin: suffix.margin)
            if bytes < best.bytes { best = (bytes, place, cells) }
        }
        return best.cells <= sketch.cells.count ? .cells(best.cells, suffix: best.suffix) : .none
    }
}
