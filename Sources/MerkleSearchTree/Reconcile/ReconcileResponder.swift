public import Core

/// The answering side of a reconcile session; see `ReconcileInitiator`.
///
/// Whatever the initiator sends: each question that orders work is answered a bounded number of
/// times, and no answer is longer than `ReconcileLimits.bodyBytes`.
public struct ReconcileResponder: ReconcileResponding {
    enum State { case idle, open, over }

    let limits: ReconcileLimits
    private let commons: [CommonRoot]
    private var ownCutoff: Timestamp?
    var index: ReconcileIndex
    var hash = SessionHash(salt: 0)
    var descent: Descent
    var state = State.idle
    private var cutoff: Timestamp?
    private var messages = 0
    private var attempts = 1
    private var gained: [EventKey] = []
    public private(set) var common: CommonRoot?

    /// How many of our first keys the initiator shares, as the hello has shown.
    var shared = 0
    /// The sketch that was named to the initiator.
    var sketch: Sketch?
    /// Keys when the summary was made.
    var summaryCount = 0
    var body: Body?
    /// Questions that order work and were asked.
    var questions: [MessageKind: Int] = [:]
    var cells = 0
    /// The time from which on the cells leave keys out.
    var end: UInt64?
    /// How many of `descent.ours` the initiator has been told of.
    var told = 0
    var hasRoot = false
    /// Whether the keys that were not asked for one by one were given.
    var hasGiven = false
    /// Places and values below these were asked for.
    var wantedPlaces = 0
    var wantedValues: UInt64 = 0
    /// How many values were asked for.
    var valueCount = 0

    var tree: MerkleSearchTree { index.tree }

    /// A session over a snapshot; `commons` are the roots that earlier sessions with this peer have
    /// proven. See `ReconcileInitiator.init`.
    public init(
        index: ReconcileIndex, commons: [CommonRoot] = [], cutoff: Timestamp? = nil,
        limits: ReconcileLimits = .standard
    ) {
        self.limits = limits
        self.commons = commons
        self.index = index
        ownCutoff = cutoff
        descent = Descent(tree: index.tree, hash: hash, limits: limits)
    }

    public mutating func receive(_ message: [UInt8]) -> ReconcileReply {
        do throws(ReconcileFailure) {
            return try take(message)
        } catch {
            state = .over
            return .failed(error)
        }
    }

    public mutating func received(_ keys: [EventKey]) { gained += keys }

    private mutating func take(_ message: [UInt8]) throws(ReconcileFailure) -> ReconcileReply {
        guard message.count <= limits.messageBytes else { throw .tooLarge }
        guard var reader = ByteReader(message) else { throw .malformed }
        messages += 1
        guard messages <= limits.messages else { throw .tooManyMessages }
        switch (state, reader.kind) {
        case (.idle, .known): return try takeKnown(&reader)
        case (.idle, .hello): return try takeHello(&reader)
        case (.open, .size): return try takeSize(&reader)
        case (.open, .enumerate): return try takeEnumerate(&reader)
        case (.open, .extend): return try takeExtend(&reader)
        case (.open, .piece): return try takePiece(&reader)
        case (.open, .descent): return try takeDescent(reader)
        case (.open, .want): return try takeWant(reader)
        case (.open, .close): return try takeClose(&reader)
        default: throw .unexpected
        }
    }

    /// What a message orders at most, as bytes of an answer: those that order sketches and lists,
    /// or name keys of them, cost some ten milliseconds, a known root a few, others less than one.
    public static func work(orderedBy message: [UInt8]) -> Int {
        switch ByteReader(message)?.kind {
        case .size, .enumerate, .extend, .want: 4 << 20
        case .known: 1 << 20
        default: 1 << 14
        }
    }

    /// Each question is asked `most` times at most.
    mutating func count(_ kind: MessageKind, most: Int) throws(ReconcileFailure) {
        questions[kind, default: 0] += 1
        guard questions[kind, default: 0] <= most else { throw .unexpected }
    }
}

/// Hello.
extension ReconcileResponder {
    private mutating func takeKnown(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        try count(.known, most: 1)
        guard let tag = reader.read(bytes: 4), let root = reader.readWord(),
            let theirs = reader.readCount()
        else { throw .malformed }
        var named: Timestamp?
        if reader.flags.contains(.cutoff) {
            guard let read = reader.readCutoff() else { throw .malformed }
            named = read
        }
        guard reader.isAtEnd else { throw .malformed }
        guard ownCutoff.map({ own in named.map { $0 <= own } ?? false }) ?? true,
            theirs <= CommonRoot.mostNew, let known = commons.first(where: { $0.tag == tag })
        else { return .send([MessageKind.unknown.byte()]) }
        cutoff = named
        index = index.upTo(named)
        hash = SessionHash(salt: known.salt)
        if hash.proof(.hello, of: tree.root) == root { return sayEqual() }
        // Where both have gained much, the spine of a hello names less than a list of it all.
        guard let gains = known.gains(of: tree),
            named == nil || gains.count <= ReconcileLimits.lateGains
        else {
            return .send([MessageKind.unknown.byte()])
        }
        open()
        var out = BitWriter([MessageKind.list.byte(), UInt8(min(1, theirs))])
        out.append(count: gains.count)
        if theirs == 0 {
            descent.addOurs(keys: gains)
        } else {
            descent.writeList(
                .keys(gains), margin: limits.margin ?? bitsToCount(theirs) + 10, into: &out)
        }
        return .send(out.bytes)
    }

    private mutating func takeHello(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        try count(.hello, most: 2)
        guard let salt = reader.readWord(), let root = reader.readWord(),
            let count = reader.readCount()
        else { throw .malformed }
        cutoff = nil
        if reader.flags.contains(.cutoff) {
            guard let theirs = reader.readCutoff() else { throw .malformed }
            cutoff = theirs
        }
        var spine: [UInt64] = []
        if reader.flags.contains(.spine) {
            for _ in Spine.suffixes(of: count) {
                guard let print = reader.read(bytes: Spine.bytes) else { throw .malformed }
                spine.append(print)
            }
        }
        guard reader.isAtEnd else { throw .malformed }
        if let ownCutoff, cutoff.map({ ownCutoff < $0 }) ?? true {
            var out = [MessageKind.unknown.byte(.cutoff)]
            out.append(ownCutoff)
            return .send(out)
        }
        index = index.upTo(cutoff)
        hash = SessionHash(salt: salt)
        if hash.proof(.hello, of: tree.root) == root { return sayEqual() }
        open()
        return answer(root: root, count: count, spine, !reader.flags.contains(.noSketch))
    }

    /// From here on the session is over this set.
    private mutating func open() {
        state = .open
        messages = 1
        told = 0
        (hasRoot, hasGiven) = (false, false)
        (wantedPlaces, wantedValues, valueCount) = (0, 0, 0)
        (shared, cells, end, body) = (0, 0, nil, nil)
        descent = Descent(tree: tree, hash: hash, limits: limits)
    }

    private mutating func sayEqual() -> ReconcileReply {
        state = .over
        common = CommonRoot(tree, hash)
        var out = [MessageKind.equal.byte()]
        out.append(hash.proof(.equal, of: tree.root) >> 32, bytes: 4)
        return .send(out)
    }

    private mutating func answer(
        root: UInt64, count: Int, _ spine: [UInt64], _ wantsSketch: Bool
    ) -> ReconcileReply {
        let isPrefix =
            count < tree.count && hash.proof(.hello, of: tree.fingerprint(ofFirst: count)) == root
        let cut = isPrefix ? 0 : Spine.cut(spine, of: count, tree, hash)
        let open = Spine.open(at: cut, of: count) ?? count
        shared = count - open
        let ranks = shared..<tree.count
        let margin = limits.margin ?? bitsToCount(open) + 10
        if isPrefix || ranks.isEmpty
            || wantsSketch && limits.ways != .descent
                && ShortList.bytes(count: ranks.count, margin: margin) <= ReconcileLimits.listBytes
        {
            return list(ranks, cut: cut, isNamed: !isPrefix && !ranks.isEmpty, margin: margin)
        }
        if wantsSketch, limits.ways != .descent, let sketch = index.latestSketch {
            self.sketch = sketch
            summaryCount = tree.count
            var out = [MessageKind.sketch.byte()]
            out.append(count: cut)
            out.append(hash.proof(.hello, of: tree.root) >> 32, bytes: 4)
            Summary(sketch, count: tree.count).append(to: &out)
            return .send(out)
        }
        var out = [MessageKind.descend.byte()]
        out.append(count: cut)
        out.append(count: tree.count)
        return .send(out)
    }

    private mutating func list(
        _ ranks: Range<Int>, cut: Int, isNamed: Bool, margin: Int
    ) -> ReconcileReply {
        var head = [MessageKind.list.byte()]
        head.append(count: cut)
        head.append(count: ranks.count)
        var out = BitWriter(head)
        if isNamed {
            descent.writeList(.ranks(ranks), margin: margin, into: &out)
        } else {
            descent.addOurs(ranks)
        }
        return .send(out.bytes)
    }
}

/// The end.
extension ReconcileResponder {
    private mutating func takeClose(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        guard let proof = reader.read(bytes: 4), reader.isAtEnd else { throw .malformed }
        let new = index.inSession(gained, upTo: cutoff)
        var union = tree
        union.insert(contentsOf: new)
        guard proof == hash.proof(.close, of: union.root) >> 32 else { return differs(new) }
        state = .over
        common = CommonRoot(union, hash)
        var out = [MessageKind.closed.byte()]
        out.append(bigEndian: hash.proof(.closed, of: union.root))
        return .send(out)
    }

    /// The session goes on with the union.
    private mutating func differs(_ new: [EventKey]) -> ReconcileReply {
        attempts += 1
        guard attempts <= limits.attempts else {
            state = .over
            return .send([MessageKind.differs.byte()])
        }
        index.insert(contentsOf: new)
        gained = []
        hash = SessionHash(salt: hash.nextSalt)
        open()
        guard limits.ways != .descent, let sketch = index.latestSketch else {
            return .send([MessageKind.differs.byte()])
        }
        self.sketch = sketch
        summaryCount = tree.count
        var out = [MessageKind.differs.byte(.summary)]
        Summary(sketch, count: tree.count).append(to: &out)
        return .send(out)
    }
}
