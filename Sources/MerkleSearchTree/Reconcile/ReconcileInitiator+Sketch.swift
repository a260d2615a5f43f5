import Core

/// Where the initiator stands in its search by sketch.
struct SketchSearch: Sendable {
    enum Question: Sendable, Equatable {
        case size
        case enumerate(margin: Int)
    }

    var theirCount = 0
    var epoch: UInt64 = 0
    /// The responder's syndromes so far.
    var syndromes: [UInt64] = []
    var question = Question.size
    /// About how many keys differ.
    var estimate = 0
    /// Times from which on the parities of a suffix were sent.
    var suffixes: [Sizing.Suffix] = []
    /// The time from which on the cells leave keys out.
    var end: UInt64?
    var body: IncomingBody?
    var decoder: CellDecoder?
    var cells = 0
    var extensions = 0

    static let mostExtensions = 2
}

/// The sketch that comes unasked.
extension ReconcileInitiator {
    mutating func takeSketch(_ reader: inout ByteReader) throws(ReconcileFailure) -> ReconcileStep {
        try takeCut(&reader)
        guard let root = reader.read(bytes: 4), let summary = Summary(&reader), reader.isAtEnd,
            summary.count >= shared
        else { throw .malformed }
        if isPrefix(root, of: summary.count) {
            outcome.method = .prefix
            descent.addOurs(summary.count..<tree.count)
            return exchange()
        }
        if try takeDifference(summary) { return exchange() }
        guard let sketch = index.sketch(epoch: search.epoch) else { return descend() }
        search.estimate = max(
            summary.estimate(from: sketch), abs(summary.count - tree.count),
            Summary.syndromeCount + 1)
        return ask(sketch)
    }

    /// Whether the responder's keys are the first ones of ours.
    private func isPrefix(_ root: UInt64, of count: Int) -> Bool {
        count < tree.count
            && hash.proof(.hello, of: tree.fingerprint(ofFirst: count)) >> 32 == root
    }

    /// Whether the summary is enough; the difference is then known.
    mutating func takeDifference(_ summary: Summary) throws(ReconcileFailure) -> Bool {
        search = SketchSearch()
        search.theirCount = summary.count
        search.syndromes = summary.syndromes
        guard
            let epoch = index.epochs.first(where: { UInt8(truncatingIfNeeded: $0) == summary.epoch }
            )
        else { return false }
        search.epoch = epoch
        guard let sketch = index.sketch(epoch: epoch),
            let values = summary.difference(from: sketch)
        else { return false }
        found(values, sketch.hash)
        return true
    }

    /// Sorts values into keys that the responder lacks and such that we lack.
    private mutating func found(_ values: [UInt64], _ hash: SketchHash) {
        outcome.method = .sketch
        for value in values {
            let keys = index.keys(matching: value, topBits: 48, hash)
            if keys.isEmpty { needed.append(value) } else { have += keys }
        }
    }

    /// Asks for whichever will be shorter.
    private mutating func ask(_ sketch: Sketch) -> ReconcileStep {
        state = .sized
        let range = max(0, search.theirCount - shared)
        let margin = limits.margin ?? bitsToCount(min(tree.count - shared, search.estimate)) + 8
        let list = ShortList.bytes(count: range, margin: margin) + range / 8
        if limits.ways == .all, list < sketchBytes, list < limits.bodyBytes,
            range <= ReconcileLimits.listKeys
        {
            search.question = .enumerate(margin: margin)
            return .send([MessageKind.enumerate.byte(), UInt8(margin)])
        }
        let sizing = Sizing(
            index, sketch, estimate: search.estimate, looksForDense: limits.ways == .all)
        search.suffixes = sizing.suffixes
        return .send(sizing.encoded)
    }

    /// About how many bytes the estimated difference takes by sketch, with the requests.
    private var sketchBytes: Int {
        let estimate = search.estimate
        let bits = max(0, bitsToCount(search.theirCount) - bitsToCount(estimate)) + 10
        let requests = estimate * bits / 16
        let cells = DifferenceEstimate(count: estimate).cellCount * Cells.byteCount
        return estimate * 7 / 5 + 4 <= Sketch.syndromeCount
            ? 6 * (estimate * 11 / 10 + 2) + requests : cells + requests
    }
}

/// The sketch or list that was asked for.
extension ReconcileInitiator {
    mutating func takeBody(_ reader: inout ByteReader) throws(ReconcileFailure) -> ReconcileStep {
        var step = ReconcileStep.wait
        if reader.kind == .body {
            guard search.body == nil, let body = IncomingBody(&reader, most: limits.bodyBytes + 64)
            else { throw .malformed }
            search.body = body
            step = .gather(body.questions)
        } else if search.body?.take(&reader) != true {
            throw .malformed
        }
        guard let whole = search.body?.whole else { return step }
        search.body = nil
        return try take(whole)
    }

    private mutating func take(_ body: [UInt8]) throws(ReconcileFailure) -> ReconcileStep {
        var reader = ByteReader(body: body[...])
        guard let form = reader.readByte().flatMap(BodyForm.init) else { throw .malformed }
        switch (form, search.question) {
        case (.syndromes, .size) where search.decoder == nil: return try takeSyndromes(&reader)
        case (.cells, .size): return try takeCells(&reader)
        case (.list, .enumerate(let margin)):
            try takeList(&reader, margin: margin, of: shared..<tree.count)
            outcome.method = .list
            return exchange()
        case (.none, _):
            guard reader.isAtEnd else { throw .malformed }
            return descend()
        default: throw .malformed
        }
    }

    private mutating func takeList(
        _ reader: inout ByteReader, margin: Int, of ranks: Range<Int>
    ) throws(ReconcileFailure) {
        guard let count = reader.readCount() else { throw .malformed }
        var bits = BitReader(reader.rest)
        guard let listed = ShortList.read(count: count, margin: margin, from: &bits), bits.isAtEnd
        else { throw .malformed }
        if count == 0 { return descent.addOurs(ranks) }
        descent.take(listed, margin: margin, of: ranks)
    }

    private mutating func takeSyndromes(
        _ reader: inout ByteReader
    ) throws(ReconcileFailure) -> ReconcileStep {
        guard let count = reader.readByte(), count > search.syndromes.count,
            Int(count) <= Sketch.syndromeCount
        else { throw .malformed }
        while search.syndromes.count < count {
            guard let syndrome = reader.read(bytes: 6) else { throw .malformed }
            search.syndromes.append(syndrome)
        }
        guard reader.isAtEnd else { throw .malformed }
        guard let sketch = index.sketch(epoch: search.epoch) else { return descend() }
        let sums = zip(search.syndromes, sketch.syndromes).map { $0 ^ $1 }
        guard let values = PinSketch.decode(sums) else {
            return extend(to: 2 * Int(count) + 20, sketch)
        }
        found(values, sketch.hash)
        return exchange()
    }

    private mutating func takeCells(
        _ reader: inout ByteReader
    ) throws(ReconcileFailure) -> ReconcileStep {
        guard let sketch = index.sketch(epoch: search.epoch) else { return descend() }
        guard let suffix = reader.readByte(), suffix <= search.suffixes.count,
            suffix == 0 || search.cells == 0, let count = reader.readCount(),
            count > search.cells, count <= sketch.cells.count,
            let bytes = reader.readBytes((count - search.cells) * Cells.byteCount)
        else { throw .malformed }
        if suffix > 0 {
            let dense = search.suffixes[Int(suffix) - 1]
            search.end = dense.start
            try takeList(&reader, margin: dense.margin, of: tree.ranks(from: dense.start))
        } else if !reader.isAtEnd {
            throw .malformed
        }
        let own = sketch.cells(from: search.cells, to: count, without: keysLeftOut)
        var decoder = search.decoder ?? CellDecoder(hash: sketch.hash)
        decoder.add(own.difference(from: bytes))
        search.cells = count
        return decode(&decoder, sketch)
    }

    /// Keys of ours that the cells do not cover.
    private var keysLeftOut: [EventKey] {
        search.end.map { tree.keys(ranks: tree.ranks(from: $0)) } ?? []
    }

    private mutating func decode(_ decoder: inout CellDecoder, _ sketch: Sketch) -> ReconcileStep {
        let sums = zip(search.syndromes, sketch.syndromes).map { $0 ^ $1 }
        // With a suffix the syndromes are those of more keys than the cells'.
        if let values = decoder.decode(rescue: search.end == nil ? sums : []) {
            found(values, sketch.hash)
            return exchange()
        }
        search.decoder = decoder
        return extend(to: search.cells + search.cells / 8 * (1 + search.extensions) + 8, sketch)
    }

    /// Asks for more cells; where that was done before, goes on with what is known.
    private mutating func extend(to cells: Int, _ sketch: Sketch) -> ReconcileStep {
        let cells = min(cells, sketch.cells.count)
        if search.extensions < SketchSearch.mostExtensions, cells > search.cells {
            search.extensions += 1
            var out = [MessageKind.extend.byte()]
            out.append(count: cells)
            return .send(out)
        }
        // The proof will fail, and what is left be found from there.
        let partial = search.decoder?.values ?? []
        if partial.isEmpty { return descend() }
        found(partial, sketch.hash)
        return exchange()
    }
}
