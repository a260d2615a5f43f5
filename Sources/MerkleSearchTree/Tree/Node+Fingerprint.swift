import Core

/// The root of the subtree of a range, without making that subtree.
extension MerkleSearchTree.Node {
    /// The digest and count of the keys from `low` on that stand below `high`. Hashes at most two nodes a level.
    ///
    /// The node is settled.
    func summary(from low: EventKey?, to high: EventKey?) -> (digest: Digest, count: Int) {
        let low = low.flatMap { isEmpty || !(first < $0) ? nil : $0 }
        let high = high.flatMap { isEmpty || last < $0 ? nil : $0 }
        if low == nil, high == nil { return (digest, count) }
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
            return (pageDigest(keys: start..<end, count: count), count)
        }
        let left = children[start].summary(from: low, to: nil)
        let right = children[end].summary(from: nil, to: high)
        let count = left.count + right.count + end - start + total(of: (start + 1)..<end)
        let digest = pageDigest(
            keys: start..<end, count: count, low: left.digest, high: right.digest)
        return (digest, count)
    }

    /// A piece of a fan may be a page, so it has to be made. Fans are rare.
    private func summaryOfFan(from low: EventKey?, to high: EventKey?) -> (digest: Digest, count: Int) {
        var piece = self
        if let low { piece = piece.split(at: low).high }
        if let high { piece = piece.split(at: high).low }
        piece.settle()
        return (piece.digest, piece.count)
    }
}
