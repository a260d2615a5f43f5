import Core
import MerkleSearchTree

/// What sessions have proven to be held by both sides, the last two for each peer: the newest to
/// begin from, the one before for a peer to whom its proof got lost.
///
/// A root is a snapshot of the tree: it keeps the pages that have changed since. So they are
/// dropped with the oldest peer where there are too many, and where too much has come since.
struct CommonRoots: Sendable {
    private var roots: [NodeID: [CommonRoot]] = [:]
    /// Peers, the one with the newest root last.
    private var order: [NodeID] = []
    /// Of the smallest tree that is kept.
    private var leastCount = Int.max

    /// Each is bounded by the pages that 4,096 keys touch, about 20 MB at worst.
    static let peers = 64

    subscript(peer: NodeID) -> [CommonRoot] { roots[peer] ?? [] }

    mutating func remember(_ root: CommonRoot, with peer: NodeID) {
        guard roots[peer]?.last != root else { return }
        roots[peer] = ((roots[peer] ?? []) + [root]).suffix(2)
        order.removeAll { $0 == peer }
        order.append(peer)
        leastCount = min(leastCount, root.tree.count)
        if order.count > Self.peers { roots[order.removeFirst()] = nil }
    }

    /// Forgets roots from which `count` keys are too far.
    mutating func dropOld(_ count: Int) {
        guard count - leastCount > CommonRoot.mostNew else { return }
        leastCount = .max
        for peer in order {
            let kept = self[peer].filter { count - $0.tree.count <= CommonRoot.mostNew }
            roots[peer] = kept.isEmpty ? nil : kept
            leastCount = kept.reduce(leastCount) { min($0, $1.tree.count) }
        }
        order.removeAll { roots[$0] == nil }
    }

    /// Where events have left the tree, nothing can be named from an earlier root.
    mutating func removeAll() {
        self = CommonRoots()
    }
}
