public import Core

/// The version of the messages, in the hello.
let reconcileVersion: UInt8 = 1

/// The answering side of "compact descent"; see `ReconcileInitiator`.
public struct ReconcileResponder: ReconcileResponding {
    private enum State { case idle, descending, open, over }

    private let context: UInt64
    private let limits: ReconcileLimits
    private let ownCutoff: Timestamp?
    private var whole: MerkleSearchTree
    private var tree = MerkleSearchTree()
    private var hash = SessionHash(salt: 0)
    private var descent: Descent
    private var state = State.idle
    private var hellos = 0
    private var messages = 0
    /// How many of `descent.ours` the initiator has been told of.
    private var told = 0
    private var hasRoot = false
    /// Whether the keys that were not asked for one by one were given.
    private var hasGiven = false
    /// Ordinals below this were asked for.
    private var wantedTo = 0

    /// A session over a snapshot; see `ReconcileInitiator.init`.
    public init(
        tree: MerkleSearchTree, context: UInt64 = 0, cutoff: Timestamp? = nil,
        limits: ReconcileLimits = .standard
    ) {
        self.context = context
        self.limits = limits
        ownCutoff = cutoff
        whole = tree
        descent = Descent(tree: MerkleSearchTree(), hash: hash, limits: limits)
    }

    public mutating func receive(_ message: [UInt8]) -> ReconcileReply {
        do throws(ReconcileFailure) {
            return try take(message)
        } catch {
            state = .over
            return .failed(error)
        }
    }

    public mutating func received(_ keys: [EventKey]) { whole.insert(contentsOf: keys) }

    private mutating func take(_ message: [UInt8]) throws(ReconcileFailure) -> ReconcileReply {
        guard message.count <= limits.messageBytes else { throw .tooLarge }
        guard var reader = ByteReader(message) else { throw .malformed }
        messages += 1
        guard messages <= limits.messages else { throw .tooManyMessages }
        switch (state, reader.kind) {
        case (.idle, .hello): return try takeHello(&reader)
        case (.descending, .descent): return try takeDescent(reader)
        case (.descending, .want), (.open, .want): return try takeWant(reader)
        case (.descending, .close), (.open, .close): return try takeClose(&reader)
        default: throw .unexpected
        }
    }

    private mutating func takeHello(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        guard hellos < limits.attempts else { throw .unexpected }
        guard reader.flags & MessageKind.contextDiffers == 0, reader.readByte() == reconcileVersion,
            let salt = reader.readWord(), let root = reader.readWord(),
            let theirContext = reader.readWord(), let count = reader.readCount()
        else { throw .malformed }
        var cutoff: Timestamp?
        if reader.flags & MessageKind.hasCutoff != 0 {
            guard let theirs = reader.readCutoff() else { throw .malformed }
            cutoff = theirs
        }
        guard reader.rest.isEmpty else { throw .malformed }
        var flags: UInt8 = theirContext == context ? 0 : MessageKind.contextDiffers
        var named: Timestamp?
        if let ownCutoff, cutoff.map({ ownCutoff < $0 }) ?? true {
            (named, cutoff) = (ownCutoff, ownCutoff)
            flags |= MessageKind.hasCutoff
        }
        begin(salt: salt, cutoff: cutoff)
        return .send(answer(root: root, count: count, flags: flags, cutoff: named))
    }

    private mutating func begin(salt: UInt64, cutoff: Timestamp?) {
        hellos += 1
        messages = 1
        told = 0
        hasRoot = false
        hasGiven = false
        wantedTo = 0
        state = .descending
        tree = whole.upTo(cutoff)
        sessionCutoff = cutoff
        hash = SessionHash(salt: salt)
        descent = Descent(tree: tree, hash: hash, limits: limits)
    }

    /// Equal; or all of the initiator's keys are our first ones; or the spine.
    private mutating func answer(
        root: UInt64, count: Int, flags: UInt8, cutoff: Timestamp?
    ) -> [UInt8] {
        let isEqual = hash.proof(.hello, of: tree.root) == root
        let isPrefix =
            count < tree.count && hash.proof(.hello, of: tree.fingerprint(ofFirst: count)) == root
        let kind: MessageKind = isEqual ? .equal : isPrefix ? .prefix : .spine
        var out = [kind.byte(flags: flags)]
        if let cutoff { out.append(cutoff) }
        if isEqual {
            out.append(bigEndian: hash.proof(.equal, of: tree.root))
            state = .open
            return out
        }
        out.append(varint: UInt64(tree.count))
        if isPrefix {
            descent.addOurs(count..<tree.count)
            state = .open
            return out
        }
        for count in Spine.covered(of: tree.count) {
            let bits = hash.fingerprint(tree.fingerprint(ofFirst: count), bits: Spine.bits)
            out.append(UInt8(bits >> 8))
            out.append(UInt8(bits & 255))
        }
        return out
    }

    private var sessionCutoff: Timestamp?
}

/// After the hello.
extension ReconcileResponder {
    private mutating func takeDescent(_ message: ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        guard message.flags == 0 else { throw .malformed }
        var reader = BitReader(message.rest)
        if !hasRoot {
            guard let cut = reader.readGamma(), cut <= tree.count else { throw .malformed }
            hasRoot = true
            descent.asked.append(tree.span(after: cut))
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

    private mutating func takeWant(_ message: ByteReader) throws(ReconcileFailure) -> ReconcileReply
    {
        var reader = BitReader(message.rest)
        guard message.flags == 0, let isFirst = reader.readFlag(),
            let base = reader.readGamma(), let length = reader.readGamma(),
            base + length <= descent.ordinals,
            let wanted = reader.readAscending(below: length), reader.isAtEnd
        else { throw .malformed }
        // Honest wants ascend, and only the first one has the flag; a repeated one would be paid
        // each time.
        guard !(isFirst && hasGiven), length == 0 || base >= wantedTo else { throw .unexpected }
        hasGiven = hasGiven || isFirst
        wantedTo = max(wantedTo, base + length)
        var keys: [EventKey] = []
        if isFirst {
            for ranks in descent.ours { keys += tree.keys(ranks: ranks) }
        }
        keys += descent.keys(ordinals: wanted.map { $0 + base })
        return .deliver(keys.sorted())
    }

    private mutating func takeClose(_ reader: inout ByteReader) throws(ReconcileFailure)
        -> ReconcileReply
    {
        guard reader.flags == 0, let proof = reader.readWord(), reader.rest.isEmpty
        else { throw .malformed }
        let union = whole.upTo(sessionCutoff)
        guard proof == hash.proof(.close, of: union.root) else {
            state = .idle
            return .send([MessageKind.differs.byte()])
        }
        state = .over
        var out = [MessageKind.closed.byte()]
        out.append(bigEndian: hash.proof(.closed, of: union.root))
        return .send(out)
    }
}

extension MerkleSearchTree {
    /// All keys after the `count` lowest ones.
    func span(after count: Int) -> Span {
        count == 0 ? .all : Span(low: key(atRank: count - 1).successor, high: nil)
    }
}
