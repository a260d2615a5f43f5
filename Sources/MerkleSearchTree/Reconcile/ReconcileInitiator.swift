public import Core

/// The asking side of a reconcile session.
///
/// `start` says hello, or names the root that the last session has proven. The answer settles equal
/// sets, newest keys and up to ten scattered ones; for more, the machine asks for a sketch or a
/// list of the right size; what that does not find, a descent of the tree does. After the exchange,
/// `close` compares the roots of both unions; where a truncated hash has hidden a key, the machine
/// goes on with the unions, which differ in no more than that. docs/PROTOCOL-tree has the grammar.
public struct ReconcileInitiator: ReconcileInitiating {
    enum State { case idle, knownSent, helloSent, sized, descending, exchanging, closing, over }

    let limits: ReconcileLimits
    private let known: CommonRoot?
    var index: ReconcileIndex
    var cutoff: Timestamp?
    var hash: SessionHash
    var descent: Descent
    var state = State.idle
    var outcome = ReconcileOutcome()
    private var messages = 0
    /// Keys of ours that the responder lacks, and how many it has said to send unasked.
    var have: [EventKey] = []
    var gifts = 0
    /// Values of keys that only the responder has.
    var needed: [UInt64] = []
    /// How many of our first keys the responder surely shares.
    var shared = 0
    var search = SketchSearch()
    private var gained: [EventKey] = []
    /// What we have gained since the common root.
    private var gains: [EventKey] = []
    public private(set) var common: CommonRoot?

    var tree: MerkleSearchTree { index.tree }

    /// A session over a snapshot.
    ///
    /// - Parameters:
    ///   - index: what we hold.
    ///   - salt: unpredictable, new for every session.
    ///   - common: what the last session with this peer has proven.
    ///   - cutoff: keys of later events are left out.
    ///   - limits: what the session may cost.
    public init(
        index: ReconcileIndex, salt: UInt64, common: CommonRoot? = nil, cutoff: Timestamp? = nil,
        limits: ReconcileLimits = .standard
    ) {
        self.limits = limits
        self.index = index.upTo(cutoff)
        self.cutoff = cutoff
        hash = SessionHash(salt: salt)
        known = common
        descent = Descent(tree: self.index.tree, hash: hash, limits: limits)
    }

    public mutating func start() -> [UInt8] {
        messages = 1
        if let known, let gains = known.gains(of: tree) { return startKnown(known, gains) }
        return sayHello()
    }

    private mutating func startKnown(_ known: CommonRoot, _ gains: [EventKey]) -> [UInt8] {
        state = .knownSent
        self.gains = gains
        let salted = SessionHash(salt: known.salt)
        outcome.cutoff = cutoff
        var out = [MessageKind.known.byte(cutoff == nil ? [] : .cutoff)]
        out.append(known.tag, bytes: 4)
        out.append(bigEndian: salted.proof(.hello, of: tree.root))
        out.append(count: gains.count)
        if let cutoff { out.append(cutoff) }
        return out
    }

    private mutating func sayHello() -> [UInt8] {
        state = .helloSent
        outcome.cutoff = cutoff
        let hasSpine = tree.count > 1 && limits.ways != .sketch
        var flags: MessageFlags = hasSpine ? .spine : []
        if cutoff != nil { flags.insert(.cutoff) }
        if limits.ways == .descent { flags.insert(.noSketch) }
        var out = [MessageKind.hello.byte(flags)]
        out.append(bigEndian: hash.salt)
        out.append(bigEndian: hash.proof(.hello, of: tree.root))
        out.append(count: tree.count)
        if let cutoff { out.append(cutoff) }
        guard hasSpine else { return out }
        for print in Spine.fingerprints(of: tree, hash) { out.append(print, bytes: Spine.bytes) }
        return out
    }

    public mutating func receive(_ message: [UInt8]) -> ReconcileStep {
        do throws(ReconcileFailure) {
            return try take(message)
        } catch {
            state = .over
            return .failed(error)
        }
    }

    public mutating func close(received: [EventKey]) -> [UInt8] {
        gained += received.filter { !tree.contains($0) }
        state = .closing
        var union = tree
        union.insert(contentsOf: gained)
        descent = Descent(tree: union, hash: hash, limits: limits)
        var out = [MessageKind.close.byte()]
        out.append(hash.proof(.close, of: union.root) >> 32, bytes: 4)
        return out
    }

    private mutating func take(_ message: [UInt8]) throws(ReconcileFailure) -> ReconcileStep {
        guard message.count <= limits.messageBytes else { throw .tooLarge }
        guard var reader = ByteReader(message) else { throw .malformed }
        messages += 1
        guard messages <= limits.messages else { throw .tooManyMessages }
        switch (state, reader.kind) {
        case (.knownSent, .unknown), (.helloSent, .unknown): return try takeUnknown(&reader)
        case (.knownSent, .equal), (.helloSent, .equal): return try takeEqual(&reader)
        case (.knownSent, .list): return try takeGains(&reader)
        case (.helloSent, .list): return try takeList(&reader)
        case (.helloSent, .sketch): return try takeSketch(&reader)
        case (.helloSent, .descend): return try takeDescend(&reader)
        case (.sized, .body), (.sized, .part): return try takeBody(&reader)
        case (.descending, .descent): return try takeDescent(reader)
        case (.closing, .closed): return try takeClosed(&reader)
        case (.closing, .differs): return try takeDiffers(&reader)
        default: throw .unexpected
        }
    }

    /// The responder does not remember the root, or leaves out keys that we have counted.
    private mutating func takeUnknown(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        if reader.flags.contains(.cutoff) {
            guard let theirs = reader.readCutoff(), cutoff.map({ theirs < $0 }) ?? true
            else { throw .malformed }
            cutoff = theirs
            index = index.upTo(theirs)
            descent = Descent(tree: tree, hash: hash, limits: limits)
        } else if state == .helloSent {
            throw .unexpected
        }
        guard reader.isAtEnd else { throw .malformed }
        return .send(sayHello())
    }
}

/// Answers that settle the session at once.
extension ReconcileInitiator {
    private mutating func takeEqual(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        if state == .knownSent, let known { hash = SessionHash(salt: known.salt) }
        guard reader.read(bytes: 4) == hash.proof(.equal, of: tree.root) >> 32, reader.isAtEnd
        else { throw .malformed }
        return done(tree)
    }

    /// What the responder has gained since the root that both know.
    private mutating func takeGains(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        guard let known, let cut = reader.readCount(), cut == min(1, gains.count),
            let count = reader.readCount(), count <= CommonRoot.mostNew
        else { throw .malformed }
        hash = SessionHash(salt: known.salt)
        descent = Descent(tree: tree, hash: hash, limits: limits)
        outcome.method = .known
        if cut == 0 || count == 0 {
            (have, gifts) = (gains, count)
        } else {
            let margin = limits.margin ?? bitsToCount(gains.count) + 10
            var bits = BitReader(reader.rest)
            guard let listed = ShortList.read(count: count, margin: margin, from: &bits),
                bits.isAtEnd
            else { throw .malformed }
            let width = ShortList.bits(count: count, margin: margin)
            let only = ShortList.compare(
                ours: hash.shortIDs(of: gains, bits: width), theirs: listed)
            have = only.ours.map { gains[$0] }
            descent.theirs = only.theirs
            descent.theirOrdinals = count
            return exchange()
        }
        guard reader.isAtEnd else { throw .malformed }
        return exchange()
    }

    private mutating func takeList(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        try takeCut(&reader)
        guard let count = reader.readCount() else { throw .malformed }
        let ranks = shared..<tree.count
        guard !ranks.isEmpty, count > 0 else {
            guard reader.isAtEnd else { throw .malformed }
            outcome.method = .prefix
            descent.addOurs(ranks)
            gifts = count
            return exchange()
        }
        outcome.method = .list
        var bits = BitReader(reader.rest)
        let margin = limits.margin ?? bitsToCount(ranks.count) + 10
        guard let listed = ShortList.read(count: count, margin: margin, from: &bits), bits.isAtEnd
        else { throw .malformed }
        descent.take(listed, margin: margin, of: ranks)
        return exchange()
    }

    /// How much both surely share.
    mutating func takeCut(_ reader: inout ByteReader) throws(ReconcileFailure) {
        guard let cut = reader.readCount(), let open = Spine.open(at: cut, of: tree.count)
        else { throw .malformed }
        shared = tree.count - open
    }

    private mutating func done(_ union: MerkleSearchTree) -> ReconcileStep {
        state = .over
        common = CommonRoot(union, hash)
        return .done(outcome)
    }

    private mutating func takeClosed(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        guard let proof = reader.readWord(), reader.isAtEnd,
            proof == hash.proof(.closed, of: descent.tree.root)
        else { throw .malformed }
        return done(descent.tree)
    }
}

/// After a proof that failed.
extension ReconcileInitiator {
    private mutating func takeDiffers(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        var summary: Summary?
        if reader.flags.contains(.summary) {
            guard let read = Summary(&reader) else { throw .malformed }
            summary = read
        }
        guard reader.isAtEnd else { throw .malformed }
        guard outcome.attempts < limits.attempts else {
            throw .notEqual(attempts: outcome.attempts)
        }
        outcome.attempts += 1
        messages = 1
        hash = SessionHash(salt: hash.nextSalt)
        index.insert(contentsOf: gained)
        (have, needed, gifts, shared, gained) = ([], [], 0, 0, [])
        descent = Descent(tree: tree, hash: hash, limits: limits)
        if let summary, try takeDifference(summary) { return exchange() }
        return descend()
    }

    /// The session goes on by descent, from what both surely share.
    mutating func descend() -> ReconcileStep {
        state = .descending
        outcome.method = .descent
        descent = Descent(tree: tree, hash: hash, limits: limits)
        var out = BitWriter([MessageKind.descent.byte()])
        out.writeGamma(shared)
        descent.toAnswer.append(Descent.Open(span: tree.span(after: shared), isEqual: false))
        descent.writeAnswers(into: &out)
        return .send(out.bytes)
    }
}
