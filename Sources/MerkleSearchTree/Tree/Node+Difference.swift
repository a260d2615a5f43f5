public import Core

/// What two trees do not share.
extension TreeNode {
    /// Keys that only one of two trees holds.
    struct Difference {
        var added: [Key] = []
        var removed: [Key] = []
        let limit: Int

        var isTooLarge: Bool { added.count + removed.count > limit }
    }

    /// Notes what this tree has and `old` has not, and the other way round, in order; stops when
    /// that is too much. Both are settled; subtrees with one digest are not looked into.
    func compare(with old: Self, into difference: inout Difference) {
        if digest == old.digest || difference.isTooLarge { return }
        if isEmpty || old.isEmpty || count + old.count <= Scheme.smallPage {
            return merge(old, into: &difference)
        }
        guard !isFan, !old.isFan, level == old.level, keys == old.keys else {
            return compareBySplitting(old, into: &difference)
        }
        for place in 0...keys.count { gap(place).compare(with: old.gap(place), into: &difference) }
    }

    /// At the keys of whichever reaches higher: both are taken apart there.
    private func compareBySplitting(_ old: Self, into difference: inout Difference) {
        let higher = level < old.level ? old : self
        let cuts = higher.isFan ? [higher.key(atRank: higher.count / 2)] : higher.keys
        var (rest, oldRest) = (self, old)
        for cut in cuts {
            let (low, hasNew) = rest.takeUp(to: cut)
            let (oldLow, hasOld) = oldRest.takeUp(to: cut)
            low.compare(with: oldLow, into: &difference)
            if hasNew, !hasOld { difference.added.append(cut) }
            if hasOld, !hasNew { difference.removed.append(cut) }
            if difference.isTooLarge { return }
        }
        rest.compare(with: oldRest, into: &difference)
    }

    /// Takes out all keys up to `cut`; returns those below it and whether it was there.
    private mutating func takeUp(to cut: Key) -> (low: Self, hasCut: Bool) {
        var (low, high) = split(at: cut)
        let hasCut = !high.isEmpty && high.first == cut
        if hasCut { high = high.split(at: Scheme.successor(of: cut)).high }
        low.settle()
        high.settle()
        self = high
        return (low, hasCut)
    }

    /// Key by key.
    private func merge(_ old: Self, into difference: inout Difference) {
        var (keys, oldKeys) = (difference.bounded(self), difference.bounded(old))
        while let key = keys.first, let oldKey = oldKeys.first {
            if key == oldKey {
                (keys, oldKeys) = (keys.dropFirst(), oldKeys.dropFirst())
            } else if key < oldKey {
                difference.added.append(key)
                keys = keys.dropFirst()
            } else {
                difference.removed.append(oldKey)
                oldKeys = oldKeys.dropFirst()
            }
        }
        difference.added += keys
        difference.removed += oldKeys
    }
}

extension TreeNode.Difference {
    /// The keys of a node, or enough of them to be too many.
    fileprivate func bounded(_ node: TreeNode<Scheme>) -> ArraySlice<Scheme.Key> {
        let most = limit + 1 + Scheme.smallPage
        let high = node.count > most ? node.key(atRank: most) : nil
        var keys: [Scheme.Key] = []
        node.forEach(from: nil, to: high) { keys.append($0) }
        return keys[...]
    }
}

extension MerkleSearchTree {
    /// What has changed since `old`, both ascending; nil where more than `limit` keys have.
    ///
    /// Pages that both share, or that are equal, are not looked into: O(changed keys · depth).
    public func difference(
        from old: MerkleSearchTree, limit: Int
    ) -> (added: [EventKey], removed: [EventKey])? {
        var difference = Node.Difference(limit: limit)
        top.compare(with: old.top, into: &difference)
        return difference.isTooLarge ? nil : (difference.added, difference.removed)
    }

    /// `fingerprint(ofFirst:)` for each of these counts.
    public func fingerprints(ofFirst counts: [Int]) -> [Digest] {
        counts.map { fingerprint(ofFirst: $0) }
    }
}
