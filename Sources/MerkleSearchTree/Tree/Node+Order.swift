import Core

/// Order statistics: counts stand in the nodes.
extension TreeNode {
    /// How many keys stand below `key`.
    func rank(of key: Key) -> Int {
        if isEmpty { return 0 }
        if isFan {
            let part = part(for: key)
            let before = total(of: 0..<part)
            return part < children.count ? before + children[part].rank(of: key) : before
        }
        let place = place(of: key)
        guard !children.isEmpty else { return place }
        let before = place + total(of: 0..<place)
        return before + children[place].rank(of: key)
    }

    /// How many keys stand in these of the children. By index: iterating would copy, and retain,
    /// each child.
    func total(of places: Range<Int>) -> Int {
        var total = 0
        for place in places { total += children[place].count }
        return total
    }

    /// The key with `rank` keys below it. The rank is in 0..<count.
    func key(atRank rank: Int) -> Key {
        if children.isEmpty { return keys[rank] }
        var left = rank
        for place in children.indices {
            if left < children[place].count { return children[place].key(atRank: left) }
            left -= children[place].count
            guard !isFan else { continue }
            if left == 0 { return keys[place] }
            left -= 1
        }
        preconditionFailure("a rank beyond the keys")
    }

    /// Calls `body` in order with the keys from `low` on that stand below `high` (nil: all of
    /// them).
    func forEach(from low: Key?, to high: Key?, _ body: (Key) -> Void) {
        if isEmpty { return }
        if isFan {
            for child in children where child.reaches(from: low, to: high) {
                child.forEach(from: low, to: high, body)
            }
            return
        }
        let start = low.map(place) ?? 0
        let end = high.map(place) ?? keys.count
        guard start <= end else { return }
        for place in start...end {
            if !children.isEmpty {
                children[place].forEach(
                    from: place == start ? low : nil, to: place == end ? high : nil, body)
            }
            if place < end { body(keys[place]) }
        }
    }

    private func reaches(from low: Key?, to high: Key?) -> Bool {
        if let low, last < low { return false }
        if let high, !(first < high) { return false }
        return true
    }
}
