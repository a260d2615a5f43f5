public import Core

/// The asking side of "compact descent".
///
/// The hello carries the salted root. Where it differs, the responder's spine tells how many of the
/// first keys are the same on both sides; the rest is split and compared until the differing ranges
/// are small enough to list. docs/PROTOCOL has the grammar. When both sides hold the union, `close`
/// compares its roots; if a truncated fingerprint has hidden a key, the machine begins again on the
/// unions, which differ in no more than that.
public struct ReconcileInitiator: ReconcileInitiating {
    private enum State { case idle, helloSent, descending, exchanging, closing, over }

    private let context: UInt64
    private let limits: ReconcileLimits
    private var tree: MerkleSearchTree
    private var cutoff: Timestamp?
    private var hash: SessionHash
    private var descent: Descent
    private var state = State.idle
    private var outcome = ReconcileOutcome()
    private var messages = 0
    /// Keys of ours that the responder lacks, and how many it has said to send unasked.
    private var have: [EventKey] = []
    private var gifts = 0

    /// A session over a snapshot.
    ///
    /// - Parameters:
    ///   - tree: what we hold.
    ///   - salt: unpredictable, new for every session.
    ///   - context: digest of what decides which origins we admit; compared, never interpreted.
    ///   - cutoff: keys of later events are left out.
    ///   - limits: what the session may cost.
    public init(
        tree: MerkleSearchTree, salt: UInt64, context: UInt64 = 0, cutoff: Timestamp? = nil,
        limits: ReconcileLimits = .standard
    ) {
        self.context = context
        self.limits = limits
        self.tree = tree.upTo(cutoff)
        self.cutoff = cutoff
        hash = SessionHash(salt: salt)
        descent = Descent(tree: self.tree, hash: hash, limits: limits)
    }

    public var contextDiffers: Bool { outcome.contextDiffers }

    public mutating func start() -> [UInt8] {
        state = .helloSent
        messages = 1
        outcome.cutoff = cutoff
        descent = Descent(tree: tree, hash: hash, limits: limits)
        (have, gifts) = ([], 0)
        var out = [MessageKind.hello.byte(flags: cutoff == nil ? 0 : MessageKind.hasCutoff)]
        out.append(reconcileVersion)
        out.append(bigEndian: hash.salt)
        out.append(bigEndian: hash.proof(.hello, of: tree.root))
        out.append(bigEndian: context)
        out.append(varint: UInt64(tree.count))
        if let cutoff { out.append(cutoff) }
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
        tree.insert(contentsOf: received)
        state = .closing
        var out = [MessageKind.close.byte()]
        out.append(bigEndian: hash.proof(.close, of: tree.root))
        return out
    }

    private mutating func take(_ message: [UInt8]) throws(ReconcileFailure) -> ReconcileStep {
        guard message.count <= limits.messageBytes else { throw .tooLarge }
        guard var reader = ByteReader(message) else { throw .malformed }
        messages += 1
        guard messages <= limits.messages else { throw .tooManyMessages }
        switch (state, reader.kind) {
        case (.helloSent, .equal), (.helloSent, .prefix), (.helloSent, .spine):
            try takeFlags(&reader)
            return try takeAnswerToHello(&reader)
        case (.descending, .descent): return try takeDescent(reader)
        case (.closing, .closed), (.closing, .differs): return try takeVerdict(&reader)
        default: throw .unexpected
        }
    }

    private mutating func takeFlags(_ reader: inout ByteReader) throws(ReconcileFailure) {
        if reader.flags & MessageKind.contextDiffers != 0 { outcome.contextDiffers = true }
        guard reader.flags & MessageKind.hasCutoff != 0 else { return }
        guard let theirs = reader.readCutoff(), cutoff.map({ theirs < $0 }) ?? true
        else { throw .malformed }
        cutoff = theirs
        outcome.cutoff = theirs
        tree = tree.upTo(theirs)
        descent = Descent(tree: tree, hash: hash, limits: limits)
    }

    private mutating func takeAnswerToHello(
        _ reader: inout ByteReader
    ) throws(ReconcileFailure) -> ReconcileStep {
        switch reader.kind {
        case .equal:
            guard let proof = reader.readWord(), reader.rest.isEmpty,
                proof == hash.proof(.equal, of: tree.root)
            else { throw .malformed }
            state = .over
            return .done(outcome)
        case .prefix:
            guard let theirs = reader.readCount(), theirs > tree.count, reader.rest.isEmpty
            else { throw .malformed }
            gifts = theirs - tree.count
            return exchange()
        default: return try takeSpine(&reader)
        }
    }
}

/// Finding the difference.
extension ReconcileInitiator {
    private mutating func takeSpine(
        _ reader: inout ByteReader
    ) throws(ReconcileFailure) -> ReconcileStep {
        guard let theirs = reader.readCount() else { throw .malformed }
        let covered = Spine.covered(of: theirs)
        guard reader.rest.count == covered.count * 2 else { throw .malformed }
        var shared: Int?
        for count in covered {
            guard let high = reader.readByte(), let low = reader.readByte() else {
                throw .malformed
            }
            guard shared == nil, count <= tree.count else { continue }
            let own = hash.fingerprint(tree.fingerprint(ofFirst: count), bits: Spine.bits)
            if own == UInt64(high) << 8 | UInt64(low) { shared = count }
        }
        let cut = shared ?? 0
        if cut == theirs {
            // The responder holds nothing beyond what is shared.
            descent.addOurs(cut..<tree.count)
            return exchange()
        }
        state = .descending
        var out = BitWriter([MessageKind.descent.byte()])
        out.writeGamma(cut)
        descent.toAnswer.append(Descent.Open(span: tree.span(after: cut), isEqual: false))
        descent.writeAnswers(into: &out)
        return .send(out.bytes)
    }

    private mutating func takeDescent(_ message: ByteReader) throws(ReconcileFailure)
        -> ReconcileStep
    {
        var reader = BitReader(message.rest)
        let before = descent.lastListed
        guard message.flags == 0,
            let lacks = reader.readAscending(below: descent.ordinals - before),
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

    private mutating func exchange() -> ReconcileStep {
        state = .exchanging
        for ranks in descent.ours { have += tree.keys(ranks: ranks) }
        let needCount = descent.theirs.count + gifts
        return .exchange(
            ReconcileDifference(
                have: have.sorted(), needCount: needCount, wants: needCount == 0 ? [] : wants()))
    }

    /// The wants, as many messages as they fill. The first also fetches what the responder has to
    /// give unasked.
    private func wants() -> [[UInt8]] {
        // A gap costs at most about 50 bits.
        let most = limits.messageBytes / 8
        var messages: [[UInt8]] = []
        var rest = descent.theirs[...]
        repeat {
            let part = rest.prefix(most)
            rest = rest.dropFirst(most)
            let base = part.first ?? 0
            var out = BitWriter([MessageKind.want.byte()])
            out.write(messages.isEmpty ? 1 : 0, bits: 1)
            out.writeGamma(base)
            out.writeGamma((part.last.map { $0 + 1 } ?? 0) - base)
            out.writeAscending(
                part.map { $0 - base }, below: (part.last.map { $0 + 1 } ?? 0) - base)
            messages.append(out.bytes)
        } while !rest.isEmpty
        return messages
    }

    private mutating func takeVerdict(
        _ reader: inout ByteReader
    ) throws(ReconcileFailure) -> ReconcileStep {
        if reader.kind == .closed {
            guard let proof = reader.readWord(), reader.rest.isEmpty, reader.flags == 0,
                proof == hash.proof(.closed, of: tree.root)
            else { throw .malformed }
            state = .over
            return .done(outcome)
        }
        guard reader.rest.isEmpty, reader.flags == 0 else { throw .malformed }
        guard outcome.attempts < limits.attempts else {
            throw .notEqual(attempts: outcome.attempts)
        }
        outcome.attempts += 1
        hash = SessionHash(salt: hash.nextSalt)
        return .send(start())
    }
}
