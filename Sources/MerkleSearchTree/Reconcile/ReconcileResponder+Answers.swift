import Core

/// Sketches and lists of the size that is asked for.
extension ReconcileResponder {
    mutating func takeSize(_ reader: inout ByteReader) throws(ReconcileFailure) -> ReconcileReply {
        try count(.size, most: 1)
        guard let sizing = Sizing(&reader), reader.isAtEnd else { throw .malformed }
        guard let sketch else { throw .unexpected }
        switch sizing.reply(index, sketch, atLeast: Summary.syndromeCount + 1) {
        case .syndromes(let count):
            var out = [BodyForm.syndromes.rawValue, UInt8(count)]
            for syndrome in sketch.syndromes[Summary.syndromeCount..<count] {
                out.append(syndrome, bytes: 6)
            }
            return say(out)
        case .cells(let count, nil): return say(cells(sketch, to: count))
        case .cells(let count, let place?):
            let suffix = sizing.suffixes[place]
            end = suffix.start
            let ranks = tree.ranks(from: suffix.start)
            var out = BitWriter(cells(sketch, to: count, suffix: place + 1))
            out.append(count: ranks.count)
            descent.writeList(.ranks(ranks), margin: suffix.margin, into: &out)
            return say(out.bytes)
        case .none: return say([BodyForm.none.rawValue])
        }
    }

    /// The cells from the last one that was sent on.
    private mutating func cells(_ sketch: Sketch, to count: Int, suffix: Int = 0) -> [UInt8] {
        var out = [BodyForm.cells.rawValue, UInt8(suffix)]
        out.append(count: count)
        let leftOut = end.map { tree.keys(ranks: tree.ranks(from: $0)) } ?? []
        out += sketch.cells(from: cells, to: count, without: leftOut).bytes
        cells = count
        return out
    }

    mutating func takeExtend(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        try count(.extend, most: SketchSearch.mostExtensions)
        guard let count = reader.readCount(), reader.isAtEnd, count > cells else {
            throw .malformed
        }
        guard let sketch, questions[.size] != nil else { throw .unexpected }
        return say(
            count <= sketch.cells.count ? cells(sketch, to: count) : [BodyForm.none.rawValue])
    }

    mutating func takeEnumerate(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        try count(.enumerate, most: 1)
        guard let margin = reader.readByte(), margin <= 40, reader.isAtEnd else {
            throw .malformed
        }
        let ranks = shared..<tree.count
        guard ranks.count <= ReconcileLimits.listKeys,
            ShortList.bytes(count: ranks.count, margin: Int(margin)) <= limits.bodyBytes
        else { return say([BodyForm.none.rawValue]) }
        var out = BitWriter([BodyForm.list.rawValue])
        out.append(count: ranks.count)
        descent.writeList(.ranks(ranks), margin: Int(margin), into: &out)
        return say(out.bytes)
    }

    private mutating func say(_ body: [UInt8]) -> ReconcileReply {
        guard body.count <= limits.bodyBytes + 64 else { return say([BodyForm.none.rawValue]) }
        let body = Body(body, messageBytes: limits.messageBytes)
        self.body = body
        return .send(body.first)
    }

    mutating func takePiece(_ reader: inout ByteReader) throws(ReconcileFailure) -> ReconcileReply {
        guard let offset = reader.readCount(), reader.isAtEnd else { throw .malformed }
        guard let part = body?.part(at: offset) else { throw .unexpected }
        return .send(part)
    }
}

/// Descent and delivery.
extension ReconcileResponder {
    mutating func takeDescent(_ message: ByteReader) throws(ReconcileFailure) -> ReconcileReply {
        var reader = BitReader(message.rest)
        if !hasRoot {
            guard let shared = reader.readGamma(), shared <= tree.count else { throw .malformed }
            hasRoot = true
            // Whatever was listed before is not asked for any more.
            descent = Descent(tree: tree, hash: hash, limits: limits)
            descent.asked.append(tree.span(after: shared))
        }
        let (base, known) = (descent.theirOrdinals, descent.theirs.count)
        try descent.readAnswers(from: &reader)
        guard reader.isAtEnd else { throw .malformed }
        var out = BitWriter([MessageKind.descent.byte()])
        out.writeAscending(
            descent.theirs[known...].map { $0 - base }, below: descent.theirOrdinals - base)
        let gifts = descent.ours.reduce(0) { $0 + $1.count }
        out.writeGamma(gifts - told)
        told = gifts
        descent.writeAnswers(into: &out)
        return .send(out.bytes)
    }

    mutating func takeWant(_ message: ByteReader) throws(ReconcileFailure) -> ReconcileReply {
        let bits = Wants.valueBits(summaryCount)
        guard let want = Wants(message, ordinals: descent.ordinals, valueBits: bits),
            want.values.isEmpty || sketch != nil
        else { throw .malformed }
        // Each key is paid once.
        guard !(want.gifts && hasGiven), want.places.first ?? wantedPlaces >= wantedPlaces,
            want.values.first ?? wantedValues >= wantedValues
        else { throw .unexpected }
        // No sketch tells more values than it has cells and syndromes.
        valueCount += want.values.count
        guard valueCount <= (sketch?.cells.count ?? 0) + Sketch.syndromeCount else {
            throw .unexpected
        }
        hasGiven = hasGiven || want.gifts
        if let last = want.places.last { wantedPlaces = last + 1 }
        if let last = want.values.last { wantedValues = last + 1 }
        var keys = want.gifts ? descent.gifts : []
        keys += descent.keys(ordinals: want.places)
        if let sketch {
            for value in want.values {
                keys += index.keys(matching: value, topBits: bits, sketch.hash)
            }
        }
        return .deliver(Set(keys).sorted())
    }
}

extension MerkleSearchTree {
    /// All keys after the `count` lowest ones.
    func span(after count: Int) -> Span {
        count == 0 ? .all : Span(low: key(atRank: count - 1).successor, high: nil)
    }
}
