import Core

/// What two nodes have proven to hold both, so that their next session need only say what came
/// since.
///
/// Keep it for the peer; hand it to the next machine, on whichever side. Forget it when events have
/// left the tree: the machines then fall back to a hello, which costs a round trip.
public struct CommonRoot: Sendable, Equatable {
    /// A snapshot: it shares its pages with the trees that have grown from it.
    public let tree: MerkleSearchTree
    /// Known to the two alone: the session's salt cannot be foreseen by others.
    private let secret: Digest

    init(_ tree: MerkleSearchTree, _ hash: SessionHash) {
        self.tree = tree
        secret = hash.secret(of: tree.root)
    }

    /// The next session's salt.
    var salt: UInt64 { secret.w0 }

    /// Tells the peer which root is meant.
    var tag: UInt64 { secret.w1 >> 32 }

    /// More new keys than this are not named from a common root.
    public static let mostNew = 4096

    /// Keys that `tree` has gained, ascending; nil where it has lost some, or gained too many.
    func gains(of tree: MerkleSearchTree) -> [EventKey]? {
        guard let change = tree.difference(from: self.tree, limit: Self.mostNew),
            change.removed.isEmpty
        else { return nil }
        return change.added
    }
}
