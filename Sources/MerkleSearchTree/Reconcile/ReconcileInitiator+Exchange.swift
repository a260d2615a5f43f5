import Core

/// Descending, and the exchange that follows whatever the method.
extension ReconcileInitiator {
    mutating func takeDescend(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        try takeCut(&reader)
        guard let count = reader.readCount(), reader.isAtEnd, count >= shared
        else { throw .malformed }
        return descend()
    }

    mutating func takeDescent(_ message: ByteReader) throws(ReconcileFailure) -> ReconcileStep {
        var reader = BitReader(message.rest)
        let before = descent.lastListed
        guard let lacks = reader.readAscending(below: descent.ordinals - before),
            let gifts = reader.readGamma(), gifts <= 1 << 40
        else { throw .malformed }
        have += descent.keys(ordinals: lacks.map { $0 + before })
        self.gifts += gifts
        guard self.gifts <= 1 << 48 else { throw .malformed }
        descent.forgetListings()
        try descent.readAnswers(from: &reader)
        guard reader.isAtEnd else { throw .malformed }
        if descent.isOver { return exchange() }
        var out = BitWriter([MessageKind.descent.byte()])
        descent.writeAnswers(into: &out)
        return .send(out.bytes)
    }

    /// The difference is known, as far as this attempt can know it.
    mutating func exchange() -> ReconcileStep {
        state = .exchanging
        for ranks in descent.ours { have += tree.keys(ranks: ranks) }
        descent.ours = []
        needed.sort()
        let wants = Wants(
            places: descent.theirs, values: needed, valueBits: Wants.valueBits(search.theirCount),
            gifts: gifts > 0)
        return .exchange(
            ReconcileDifference(
                have: have.sorted(), needCount: descent.theirs.count + needed.count + gifts,
                wants: wants.messages(bytes: limits.messageBytes)))
    }
}
