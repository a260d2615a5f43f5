public import Core
public import Federation
public import MerkleSearchTree

/// The baseline: both sides send the full list of their 32-byte ids, then the missing events.
///
/// The list goes in pieces only where it is larger than a message may be. Afterwards the roots are
/// compared, as the tree's own sessions do, so that "equal" means the same for both: 66 bytes.
public struct NaiveReconciler: Reconciler {
    public init() {}

    public func initiator(
        index: ReconcileIndex, salt: UInt64, common: CommonRoot?, cutoff: Timestamp?
    ) -> any ReconcileInitiating {
        NaiveInitiator(tree: index.tree.upTo(cutoff))
    }

    public func responder(
        index: ReconcileIndex, commons: [CommonRoot], cutoff: Timestamp?
    ) -> any ReconcileResponding {
        NaiveResponder(tree: index.tree.upTo(cutoff))
    }
}

extension MerkleSearchTree {
    /// Without the keys above `cutoff`. Each side leaves out its own, as no clocks of a baseline
    /// run apart.
    fileprivate func upTo(_ cutoff: Timestamp?) -> MerkleSearchTree {
        guard let cutoff else { return self }
        return prefix(upTo: EventKey(time: cutoff.next, id: .zero))
    }
}

/// The side that asks.
struct NaiveInitiator: ReconcileInitiating {
    private var tree: MerkleSearchTree
    private var list: NaiveList
    private var theirs: [EventID] = []
    private var attempts = 1
    private static let maxAttempts = 3

    init(tree: MerkleSearchTree) {
        self.tree = tree
        list = NaiveList(tree.keys)
    }

    /// The baseline begins anew each time.
    var common: CommonRoot? { nil }

    mutating func start() -> [UInt8] { list.next().encoded }

    mutating func receive(_ message: [UInt8]) -> ReconcileStep {
        switch NaiveMessage(message) {
        case .next: return .send(list.next().encoded)
        case .ids(let ids, let isLast):
            theirs += ids
            return isLast ? .exchange(difference) : .send(NaiveMessage.next.encoded)
        case .root(let root): return compare(with: root)
        case .want, nil: return .failed(.malformed)
        }
    }

    mutating func close(received: [EventKey]) -> [UInt8] {
        tree.insert(contentsOf: received)
        return NaiveMessage.root(tree.root).encoded
    }

    private var difference: ReconcileDifference {
        let mine = Set(list.keys.map(\.id))
        let needCount = theirs.count { !mine.contains($0) }
        return ReconcileDifference(
            have: list.without(theirs), needCount: needCount,
            wants: needCount == 0 ? [] : [NaiveMessage.want.encoded])
    }

    /// What one side refused or lost is found by starting over.
    private mutating func compare(with root: Digest) -> ReconcileStep {
        if root == tree.root {
            return .done(ReconcileOutcome(attempts: attempts))
        }
        guard attempts < Self.maxAttempts else { return .failed(.notEqual(attempts: attempts)) }
        attempts += 1
        list = NaiveList(tree.keys)
        theirs = []
        return .send(list.next().encoded)
    }
}

/// The side that answers.
struct NaiveResponder: ReconcileResponding {
    private var tree: MerkleSearchTree
    private var list: NaiveList
    private var theirs: [EventID] = []
    private var isListed = false

    var common: CommonRoot? { nil }

    init(tree: MerkleSearchTree) {
        self.tree = tree
        list = NaiveList(tree.keys)
    }

    mutating func receive(_ message: [UInt8]) -> ReconcileReply {
        switch NaiveMessage(message) {
        case .ids(let ids, let isLast):
            if isListed { startOver() }
            theirs += ids
            isListed = isLast
            return .send((isLast ? list.next() : .next).encoded)
        case .next: return .send(list.next().encoded)
        case .want: return .deliver(list.without(theirs))
        case .root: return .send(NaiveMessage.root(tree.root).encoded)
        case nil: return .failed(.malformed)
        }
    }

    mutating func received(_ keys: [EventKey]) { tree.insert(contentsOf: keys) }

    private mutating func startOver() {
        list = NaiveList(tree.keys)
        theirs = []
    }
}
