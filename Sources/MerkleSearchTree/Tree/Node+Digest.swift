import Core

/// Digests, computed where they are stale.
extension TreeNode {
    /// Makes `digest` valid here and below, and says how many nodes were hashed for it.
    @discardableResult
    mutating func settle() -> Int {
        guard isStale else { return 0 }
        var hashed = 1
        for place in children.indices where children[place].isStale {
            hashed += children[place].settle()
        }
        digest = isFan ? Scheme.digest(ofFan: self) : pageDigest(keys: 0..<keys.count, count: count)
        isStale = false
        return hashed
    }

    /// The digest of the page with just these of the keys and the gaps between and beside them, of
    /// which the outer two may be cut and have the digests given. `count` is that of all keys in
    /// it.
    func pageDigest(
        keys places: Range<Int>, count: Int, low: Digest? = nil, high: Digest? = nil
    ) -> Digest {
        Scheme.digest(ofPage: self, PagePiece(keys: places, count: count, low: low, high: high))
    }
}
