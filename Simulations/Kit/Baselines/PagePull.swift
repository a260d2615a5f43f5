import Core
import MerkleSearchTree

/// The sync of the tree's paper (Auvolat and Taïani, SRDS 2019): level by level, a side
/// asks for the pages whose digests it does not know, and gets them whole. Both sides pull.
///
/// Walked on the two trees, with the bytes of each page as they would travel: a digest of 32 bytes
/// asks for one; it has the id (32 bytes) and time (varint of the distance to the key before, and
/// of the counter) of each key, and 32 bytes a child. At the end each missing event is asked for by
/// nothing more (the page has named it), and both send their roots.
enum PagePull {
    static func result(
        _ pair: ComparePair, _ clock: () -> Duration
    ) -> CompareReport.Result {
        var result = CompareReport.Result(method: .pages)
        let (ours, theirs) = (pair.initiator.tree, pair.responder.tree)
        result.bytes = 64
        let start = clock()
        let forward = pull(from: theirs, by: ours)
        let middle = clock()
        let backward = pull(from: ours, by: theirs)
        let end = clock()
        (result.initiator, result.responder) = (middle - start, end - middle)
        (result.initiatorInAll, result.responderInAll) = (result.initiator, result.responder)
        result.bytes += forward.bytes + backward.bytes
        result.roundTrips = 1 + max(forward.levels, backward.levels)
        result.roundTripsInAll = result.roundTrips + (ours.root == theirs.root ? 0 : 1)
        result.isExact =
            forward.found == pair.onlyResponder && backward.found == pair.onlyInitiator
        return result
    }

    private static func pull(
        from source: MerkleSearchTree, by reader: MerkleSearchTree
    ) -> (bytes: Int, levels: Int, found: [EventKey]) {
        let known = digests(of: reader)
        var (bytes, levels) = (0, 0)
        var found: [EventKey] = []
        var asked = [source.rootPage].filter { !known.contains($0.digest) }
        while !asked.isEmpty {
            levels += 1
            var next: [TreePage] = []
            for page in asked {
                bytes += 32 + size(of: page)
                found += page.keys.filter { !reader.contains($0) }
                next += page.children.filter { !$0.isEmpty && !known.contains($0.digest) }
            }
            asked = next
        }
        return (bytes, levels, found.sorted())
    }

    private static func digests(of tree: MerkleSearchTree) -> Set<Digest> {
        var digests: Set<Digest> = []
        var pending = [tree.rootPage]
        while let page = pending.popLast() {
            digests.insert(page.digest)
            pending += page.children
        }
        return digests
    }

    private static func size(of page: TreePage) -> Int {
        var bytes = 32 * page.children.count
        var before: UInt64 = 0
        for key in page.keys {
            bytes += 32 + varint(key.physical - before) + varint(UInt64(key.counter))
            before = key.physical
        }
        return bytes
    }

    private static func varint(_ number: UInt64) -> Int {
        max(1, (64 - number.leadingZeroBitCount + 6) / 7)
    }
}
