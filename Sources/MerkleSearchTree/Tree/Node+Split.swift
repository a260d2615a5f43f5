import Core

/// Taking sets apart and putting them together; every result is canonical.
extension TreeNode {
    /// The subtrees of the keys below `key` and of the others. O(depth) nodes are new, the rest is
    /// shared.
    func split(at key: Key) -> (low: Node, high: Node) {
        if isEmpty || !(first < key) { return (.empty, self) }
        if last < key { return (self, .empty) }
        return isFan ? splitFan(at: key) : splitPage(at: key)
    }

    private func splitPage(at key: Key) -> (low: Node, high: Node) {
        let place = place(of: key)
        guard !children.isEmpty else {
            return (
                Node(level: level, keys: Array(keys[..<place]), children: []),
                Node(level: level, keys: Array(keys[place...]), children: [])
            )
        }
        let (low, high) = children[place].split(at: key)
        return (
            place == 0
                ? low
                : Node(
                    level: level, keys: Array(keys[..<place]),
                    children: children[..<place] + [low]),
            place == keys.count
                ? high
                : Node(
                    level: level, keys: Array(keys[place...]),
                    children: [high] + children[(place + 1)...])
        )
    }

    private func splitFan(at key: Key) -> (low: Node, high: Node) {
        let part = part(for: key)
        let (low, high) = children[part].split(at: key)
        return (
            Self.fan(prefix: Int(prefix), parts: children[..<part] + [low]),
            Self.fan(prefix: Int(prefix), parts: [high] + children[(part + 1)...])
        )
    }

    /// The subtree of all keys of `parts`, which differ first in the digit after `prefix`.
    static func fan(prefix: Int, parts: [Node]) -> Node {
        let parts = parts.filter { !$0.isEmpty }
        guard parts.count > 1 else { return parts.first ?? .empty }
        guard top(of: parts).width <= Scheme.widestPage else {
            return Node(prefix: prefix, parts: parts)
        }
        return parts.dropFirst().reduce(parts[0], join)
    }

    /// The subtree of the keys of both; all of `low` stand below all of `high`.
    static func join(_ low: Node, _ high: Node) -> Node {
        if low.isEmpty { return high }
        if high.isEmpty { return low }
        guard top(of: [low, high]).width <= Scheme.widestPage else {
            return joinWide(low, high)
        }
        // Narrow: whichever side reaches the highest level is a page.
        if low.level > high.level {
            var page = low
            page.setGap(low.keys.count, to: join(low.gap(low.keys.count), high))
            return page
        }
        if low.level < high.level {
            var page = high
            page.setGap(0, to: join(low, high.gap(0)))
            return page
        }
        let middle = join(low.gap(low.keys.count), high.gap(0))
        return Node(
            level: low.level, keys: low.keys + high.keys,
            children: low.gaps.dropLast() + [middle] + high.gaps.dropFirst())
    }

    private static func joinWide(_ low: Node, _ high: Node) -> Node {
        let prefix = Scheme.sharedDigits(low.first, high.last)
        var parts = low.parts(after: prefix)
        var rest = high.parts(after: prefix)[...]
        if let left = parts.last, let right = rest.first,
            Scheme.digit(of: left.first, at: prefix) == Scheme.digit(of: right.first, at: prefix)
        {
            parts[parts.count - 1] = join(left, right)
            rest = rest.dropFirst()
        }
        return Node(prefix: prefix, parts: parts + rest)
    }

    /// This subtree parted by the digit after `prefix`, which all its keys share. It is not empty.
    private func parts(after prefix: Int) -> [Node] {
        if isFan, self.prefix == prefix { return children }
        let highest = Scheme.digit(of: last, at: prefix)
        var parts: [Node] = []
        var rest = self
        while case let digit = Scheme.digit(of: rest.first, at: prefix), digit < highest {
            let (low, high) = rest.split(at: Scheme.replacing(last, digitAt: prefix, by: digit + 1))
            parts.append(low)
            rest = high
        }
        return parts + [rest]
    }

    /// The canonical subtree with `keys` as all keys of its highest level and `children` in the
    /// gaps (or none).
    static func seal(level: Int8, keys: [Key], children: [Node]) -> Node {
        let loose = Node(level: level, keys: keys, children: children)
        guard keys.count > Scheme.widestPage else { return loose }
        let prefix = Scheme.sharedDigits(loose.first, loose.last)
        let highest = Scheme.digit(of: loose.last, at: prefix)
        var parts: [Node] = []
        var rest = loose
        while case let digit = Scheme.digit(of: rest.first, at: prefix), digit < highest {
            let (low, high) = rest.split(
                at: Scheme.replacing(loose.last, digitAt: prefix, by: digit + 1))
            parts.append(low.resealed())
            rest = high
        }
        return Node(prefix: prefix, parts: parts + [rest.resealed()])
    }

    /// A part that was cut out of a page which is too wide may be too wide itself.
    private func resealed() -> Node {
        keys.count > Scheme.widestPage
            ? Self.seal(level: level, keys: keys, children: children) : self
    }
}

/// Gaps, whether or not the page has an array for them.
extension TreeNode {
    func gap(_ place: Int) -> Node { children.isEmpty ? .empty : children[place] }

    var gaps: [Node] {
        children.isEmpty ? Array(repeating: .empty, count: keys.count + 1) : children
    }

    mutating func setGap(_ place: Int, to node: Node) {
        var all = gaps
        all[place] = node
        self = Node(level: level, keys: keys, children: all)
    }
}
