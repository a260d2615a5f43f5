import Core

/// What both sides of a session share: ranges that are open, and how they are asked about and
/// answered.
///
/// A range is answered by one of: *equal*; *split*, its parts' fingerprints, which the other side
/// answers next; or *list*, the short ids of all our keys in it, after which the other side knows
/// all about it. Ranges are answered in the order in which they were asked, as many as a message
/// holds; the others wait.
struct Descent: Sendable {
    /// A range that we have to answer.
    struct Open: Sendable {
        var span: Span
        var isEqual: Bool
        /// log2 of how many ranges were compared at once where all of them differ; else 0.
        var density = 0
    }

    /// Keys of ours that we have listed; their ordinals count all that this side has listed, by
    /// short id.
    struct Listing: Sendable {
        var keys: Listed
        var bits: Int
        var firstOrdinal: Int
    }

    enum Listed: Sendable {
        case ranks(Range<Int>)
        case keys([EventKey])

        var count: Int {
            switch self {
            case .ranks(let ranks): ranks.count
            case .keys(let keys): keys.count
            }
        }
    }

    let tree: MerkleSearchTree
    let hash: SessionHash
    let limits: ReconcileLimits
    /// Ranges whose answer we wait for.
    var asked = Fifo<Span>()
    var toAnswer = Fifo<Open>()
    /// All that we have listed, and how many keys that is.
    var listings: [Listing] = []
    var ordinals = 0
    /// How many keys the other side has listed.
    var theirOrdinals = 0
    /// Ranks of our keys that the other side lacks.
    var ours: [Range<Int>] = []
    /// Keys of ours that the other side lacks and that are no range.
    private var oursBesides: [EventKey] = []
    /// Ordinals of the other side's keys that we lack, ascending.
    var theirs: [Int] = []

    init(tree: MerkleSearchTree, hash: SessionHash, limits: ReconcileLimits) {
        self.tree = tree
        self.hash = hash
        self.limits = limits
    }

    var isOver: Bool { asked.isEmpty && toAnswer.isEmpty }

    func ranks(of span: Span) -> Range<Int> {
        let low = tree.rank(of: span.low)
        return low..<(span.high.map(tree.rank) ?? tree.count)
    }

    func digest(of span: Span) -> Digest {
        tree.top.summary(from: span.low, to: span.high).digest
    }

    mutating func addOurs(_ ranks: Range<Int>) {
        guard !ranks.isEmpty else { return }
        if let last = ours.last, last.upperBound == ranks.lowerBound {
            ours[ours.count - 1] = last.lowerBound..<ranks.upperBound
        } else {
            ours.append(ranks)
        }
    }

    mutating func addOurs(keys: [EventKey]) { oursBesides += keys }

    /// All keys of ours that the other side lacks, as far as we know.
    var gifts: [EventKey] { ours.flatMap { tree.keys(ranks: $0) } + oursBesides }

    private func keys(_ listed: Listed) -> [EventKey] {
        switch listed {
        case .ranks(let ranks): tree.keys(ranks: ranks)
        case .keys(let keys): keys
        }
    }

    /// Our keys of these ranks by short id, ascending.
    func shortIDs(_ ranks: Range<Int>, bits: Int) -> [(short: UInt64, tag: Int)] {
        hash.shortIDs(of: tree.keys(ranks: ranks), bits: bits, from: ranks.lowerBound)
    }

    /// Writes the list of these keys of ours and remembers what its places mean.
    mutating func writeList(_ listed: Listed, margin: Int, into out: inout BitWriter) {
        let bits = ShortList.bits(count: listed.count, margin: margin)
        let shorts = hash.shortIDs(of: keys(listed), bits: bits)
        ShortList.write(shorts.lazy.map(\.short), margin: margin, into: &out)
        listings.append(Listing(keys: listed, bits: bits, firstOrdinal: ordinals))
        ordinals += listed.count
    }

    /// The ordinal of the first key that our listings still hold.
    var lastListed: Int { listings.first?.firstOrdinal ?? ordinals }

    /// Forgets our listings once the other side has answered them.
    mutating func forgetListings() { listings.removeAll() }

    /// Our keys with these ordinals, which ascend.
    func keys(ordinals: [Int]) -> [EventKey] {
        var keys: [EventKey] = []
        var next = ordinals[...]
        for listing in listings {
            let end = listing.firstOrdinal + listing.keys.count
            guard let first = next.first else { break }
            guard first < end else { continue }
            let listed = self.keys(listing.keys)
            let shorts = hash.shortIDs(of: listed, bits: listing.bits)
            while let ordinal = next.first, ordinal < end {
                keys.append(listed[shorts[ordinal - listing.firstOrdinal].tag])
                next = next.dropFirst()
            }
        }
        return keys
    }
}

/// Answering.
extension Descent {
    private enum Answer {
        case equal
        case split(Split)
        case list(Range<Int>)
    }

    private struct Split {
        var span: Span
        var code: CutCode
        var frame: (UInt64, UInt64) = (0, 0)
        var cuts: [EventKey]
        var parts: [Span]
    }

    /// How long a message will be.
    ///
    /// The widths let one wrong match among all of a message have a chance of about 2^-18
    /// (fingerprints) or, were all listed keys unknown to the other side, 2^-6 (short ids). The
    /// final proof catches it, and the next attempt costs as much as its few keys.
    private struct Sizes {
        private(set) var fingerprints = 0
        private var listed = 0
        private var otherBits = 64

        var margin: Int { min(40, 6 + bitsToCount(listed + 1)) }

        func width(_ fixed: Int?) -> Int { fixed ?? min(48, 18 + bitsToCount(fingerprints)) }

        mutating func add(_ answer: Answer) {
            switch answer {
            case .equal: otherBits += 1
            case .split(let split):
                fingerprints += split.parts.count
                otherBits += 150 + (split.code == .digits ? split.cuts.count * 364 : 0)
            case .list(let ranks):
                listed += ranks.count
                otherBits += 48
            }
        }

        /// No message is longer: a list of r keys in Rice code takes r (margin + 3) bits at most.
        func mostBits(_ fixedWidth: Int?) -> Int {
            otherBits + fingerprints * width(fixedWidth) + listed * (margin + 3)
        }
    }

    /// Writes as many answers as fit, and remembers what they ask.
    mutating func writeAnswers(into out: inout BitWriter) {
        let (answers, sizes) = plan(bits: limits.messageBytes * 8 - out.bitCount)
        let (width, margin) = (sizes.width(limits.fingerprintBits), sizes.margin)
        out.write(UInt64(width), bits: 6)
        out.write(UInt64(margin), bits: 6)
        out.writeGamma(answers.count)
        for answer in answers {
            switch answer {
            case .equal: out.write(0, bits: 1)
            case .split(let split): write(split, width: width, into: &out)
            case .list(let ranks): write(ranks, margin: margin, into: &out)
            }
        }
    }

    /// Decides the answers in turn until the message is full, by upper bounds of their lengths.
    private mutating func plan(bits: Int) -> (answers: [Answer], sizes: Sizes) {
        var answers: [Answer] = []
        var sizes = Sizes()
        while let open = toAnswer.first {
            let answer = open.isEqual ? .equal : answer(open)
            var longer = sizes
            longer.add(answer)
            let isFull =
                longer.mostBits(limits.fingerprintBits) > bits
                || asked.count + longer.fingerprints > limits.openRanges
            if isFull, !answers.isEmpty { break }
            sizes = longer
            answers.append(answer)
            toAnswer.removeFirst()
        }
        return (answers, sizes)
    }

    /// Lists what is small; a list pays earlier where differences are dense.
    private func answer(_ open: Open) -> Answer {
        let ranks = ranks(of: open.span)
        // The first range is all that may differ: often a short suffix, where asking about parts
        // costs a round trip.
        let isRoot = open.span.high == nil && listings.isEmpty && asked.isEmpty
        let longest = isRoot ? 256 : max(toAnswer.count > 128 ? 20 : 32, 12 * open.density)
        if ranks.count <= min(longest, limits.messageBytes / 16) { return .list(ranks) }
        var fan = isRoot || open.density > 2 ? 16 : 4
        while fan > 2, ranks.count / fan < 6 { fan /= 2 }
        return .split(split(open.span, ranks, fan))
    }

    /// Parts with about as many of our keys each, by the cheapest cuts that do.
    private func split(_ span: Span, _ ranks: Range<Int>, _ fan: Int) -> Split {
        if let cuts = span.evenCuts(fan), isBalanced(cuts, ranks), let parts = span.parts(at: cuts)
        {
            return Split(span: span, code: .even, cuts: cuts, parts: parts)
        }
        let frame = (
            tree.key(atRank: ranks.lowerBound).physical,
            tree.key(atRank: ranks.upperBound - 1).physical
        )
        if let cuts = Span.timeCuts(from: frame.0, to: frame.1, UInt64(fan)),
            isBalanced(cuts, ranks), let parts = span.parts(at: cuts)
        {
            return Split(span: span, code: .frame, frame: frame, cuts: cuts, parts: parts)
        }
        let cuts = digitCuts(ranks, fan)
        return Split(span: span, code: .digits, cuts: cuts, parts: span.parts(at: cuts) ?? [span])
    }

    private func isBalanced(_ cuts: [EventKey], _ ranks: Range<Int>) -> Bool {
        let most = ranks.count * 2 / (cuts.count + 1) + 2
        var before = ranks.lowerBound
        for cut in cuts {
            let rank = tree.rank(of: cut)
            if rank - before > most { return false }
            before = rank
        }
        return ranks.upperBound - before <= most
    }

    /// Near each quantile, the cut with the fewest digits. The windows do not touch, so the cuts
    /// ascend.
    private func digitCuts(_ ranks: Range<Int>, _ fan: Int) -> [EventKey] {
        let slack = ranks.count / (4 * fan)
        return (1..<fan).map { part in
            let middle = ranks.lowerBound + ranks.count * part / fan
            let below = tree.key(atRank: middle - slack - 1)
            let above = tree.key(atRank: middle + slack)
            let shared = below.sharedDigits(with: above)
            return above.replacing(digitAt: shared, by: above.digit(at: shared))
        }
    }

    private mutating func write(_ split: Split, width: Int, into out: inout BitWriter) {
        out.write(0b10, bits: 2)
        out.write(UInt64(split.parts.count.trailingZeroBitCount - 1), bits: 2)
        out.write(split.code.rawValue, bits: 2)
        switch split.code {
        case .even: break
        case .frame:
            out.writeNumber(split.frame.0)
            out.writeNumber(split.frame.1 - split.frame.0)
        case .digits: out.writeDigits(split.cuts, in: split.span)
        }
        for part in split.parts {
            out.write(hash.fingerprint(digest(of: part), bits: width), bits: width)
            asked.append(part)
        }
    }

    private mutating func write(_ ranks: Range<Int>, margin: Int, into out: inout BitWriter) {
        out.write(0b11, bits: 2)
        out.writeGamma(ranks.count)
        guard !ranks.isEmpty else { return }
        writeList(.ranks(ranks), margin: margin, into: &out)
    }
}

/// Taking in answers.
extension Descent {
    /// Reads the other side's answers to what we have asked.
    mutating func readAnswers(from reader: inout BitReader) throws(ReconcileFailure) {
        var new: [Open] = []
        guard let width = reader.read(bits: 6), width > 0, let margin = reader.read(bits: 6),
            margin <= 40, let count = reader.readGamma(), count <= asked.count
        else { throw .malformed }
        for _ in 0..<count {
            let span = asked.removeFirst()
            guard let differs = reader.readFlag() else { throw .malformed }
            guard differs else { continue }
            guard let isList = reader.readFlag() else { throw .malformed }
            if isList {
                try readList(span, margin: Int(margin), from: &reader)
            } else {
                new += try readSplit(span, width: Int(width), from: &reader)
            }
            guard toAnswer.count + new.count <= 4 * limits.openRanges else { throw .tooManyRanges }
        }
        let density = new.contains(where: \.isEqual) ? 0 : bitsToCount(new.count)
        for open in new {
            toAnswer.append(Open(span: open.span, isEqual: open.isEqual, density: density))
        }
    }

    private func readSplit(
        _ span: Span, width: Int, from reader: inout BitReader
    ) throws(ReconcileFailure) -> [Open] {
        var open: [Open] = []
        guard let power = reader.read(bits: 2),
            let code = reader.read(bits: 2).flatMap(CutCode.init),
            let cuts = readCuts(fan: 2 << Int(power), code, span, from: &reader),
            let parts = span.parts(at: cuts)
        else { throw .malformed }
        for part in parts {
            guard let fingerprint = reader.read(bits: width) else { throw .malformed }
            let isEqual = hash.fingerprint(digest(of: part), bits: width) == fingerprint
            open.append(Open(span: part, isEqual: isEqual))
        }
        return open
    }

    private func readCuts(
        fan: Int, _ code: CutCode, _ span: Span, from reader: inout BitReader
    ) -> [EventKey]? {
        switch code {
        case .even: return span.evenCuts(fan)
        case .frame:
            guard let start = reader.readNumber(), let length = reader.readNumber(),
                case let (end, overflow) = start.addingReportingOverflow(length), !overflow
            else { return nil }
            return Span.timeCuts(from: start, to: end, UInt64(fan))
        case .digits: return reader.readDigits(count: fan - 1, in: span)
        }
    }

    /// Compares the listed short ids with our own, both ascending.
    private mutating func readList(
        _ span: Span, margin: Int, from reader: inout BitReader
    ) throws(ReconcileFailure) {
        guard let count = reader.readGamma(), count <= reader.remainingBits else {
            throw .malformed
        }
        // What a peer names is kept; no honest session names four million keys.
        guard theirOrdinals + count <= 1 << 22 else { throw .tooManyRanges }
        let ranks = ranks(of: span)
        guard count > 0 else { return addOurs(ranks) }
        guard let listed = ShortList.read(count: count, margin: margin, from: &reader) else {
            throw .malformed
        }
        take(listed, margin: margin, of: ranks)
    }

    /// Compares the other side's list with our keys of these ranks.
    mutating func take(_ listed: [UInt64], margin: Int, of ranks: Range<Int>) {
        let bits = ShortList.bits(count: listed.count, margin: margin)
        let only = ShortList.compare(ours: shortIDs(ranks, bits: bits), theirs: listed)
        for rank in only.ours { addOurs(rank..<(rank + 1)) }
        theirs += only.theirs.map { theirOrdinals + $0 }
        theirOrdinals += listed.count
    }
}
