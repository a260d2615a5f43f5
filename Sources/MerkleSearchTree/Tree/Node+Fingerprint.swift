import Core

/// The root of the subtree of a range, without making that subtree.
extension TreeNode {
    /// The digest and count of the keys from `low` on that stand below `high`. Hashes at most two
    /// nodes a level.
    ///
    /// The node is settled.
    func summary(from low: Key?, to high: Key?) -> (digest: Digest, count: Int) {
        if isEmpty || low == nil && high == nil { return (digest, count) }
        if isFan { return summaryOfFan(from: low, to: high) }
        let start = low.map(place) ?? 0
        let end = high.map(place) ?? keys.count
        guard start <= end else { return (Self.empty.digest, 0) }
        if start == end {
            return children.isEmpty
                ? (Self.empty.digest, 0) : children[start].summary(from: low, to: high)
        }
        if children.isEmpty {
            let count = end - start
            return count == keys.count
                ? (digest, count) : (pageDigest(keys: start..<end, count: count), count)
        }
        let left = children[start].summary(from: low, to: nil)
        let right = children[end].summary(from: nil, to: high)
        let total = left.count + right.count + end - start + total(of: (start + 1)..<end)
        if total == count { return (digest, count) }
        let cut = pageDigest(keys: start..<end, count: total, low: left.digest, high: right.digest)
        return (cut, total)
    }

    /// A piece of a fan may be a page, so it has to be made. Fans are rare.
    private func summaryOfFan(from low: Key?, to high: Key?) -> (
        digest: Digest, count: Int
    ) {
        var piece = self
        if let low { piece = piece.split(at: low).high }
        if let high { piece = piece.split(at: high).low }
        piece.settle()
        return (piece.digest, piece.count)
    }
}
