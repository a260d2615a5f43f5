import Core

/// One subtree: nothing, a page, or a fan.
///
/// A *page* holds the keys of the subtree's highest level and, between them, one subtree a gap.
/// Where the highest level has more keys than the scheme's widest page (64 for events) the subtree
/// is a *fan* instead: the whole set is parted by the first hex digit in which its keys differ, and
/// every part is a subtree of its own. Both are functions of the set alone.
///
/// A node is a value made of arrays: a copy shares everything, a change copies only the arrays on
/// its path and only where somebody else still holds them. `digest` is valid when `isStale` is
/// false.
struct TreeNode<Scheme: TreeScheme>: Sendable {
    typealias Node = TreeNode<Scheme>
    typealias Key = Scheme.Key

    /// Page: the gaps' subtrees, one more than keys, or none where all gaps are empty. Fan:
    /// 2...16 parts.
    var children: [Node] = []
    var keys: [Key] = []
    var digest = Digest.zero
    /// Keys in the whole subtree.
    var count = 0
    /// Keys of `level` in the whole subtree.
    var width: Int32 = 0
    var level: Int8 = 0
    /// Fan: leading digits that all keys share; the parts differ in the next. Page: `notFan`.
    var prefix = Self.notFan
    var isStale = false

    static var notFan: Int8 { -1 }
    static var empty: Node {
        var node = Node()
        node.digest = Scheme.emptyDigest
        return node
    }

    var isFan: Bool { prefix != Self.notFan }
    var isEmpty: Bool { count == 0 }

    private init() {}

    /// A page. The caller vouches that it is narrow enough and that all children are lower.
    init(level: Int8, keys: [Key], children: [Node]) {
        self.level = level
        self.keys = keys
        width = Int32(keys.count)
        self.children = children
        let below = total(of: children.indices)
        if below == 0 { self.children = [] }
        count = keys.count + below
        isStale = true
    }

    /// A page of one key.
    init(_ key: Key, level: Int8) {
        self.init(level: level, keys: [key], children: [])
    }

    /// A fan. The caller vouches for two parts or more, none empty, and a width above 64.
    init(prefix: Int, parts: [Node]) {
        self.prefix = Int8(prefix)
        children = parts
        (level, width) = Self.top(of: parts)
        count = total(of: parts.indices)
        isStale = true
    }

    /// The highest level among `parts` and how many keys stand on it.
    static func top(of parts: [Node]) -> (level: Int8, width: Int32) {
        var top: (level: Int8, width: Int32) = (0, 0)
        for place in parts.indices {
            let (level, width) = (parts[place].level, parts[place].width)
            if level > top.level {
                top = (level, width)
            } else if level == top.level {
                top.width += width
            }
        }
        return top
    }
}

/// Looking up.
extension TreeNode {
    /// The place of the first of the page's keys that is not below `key`.
    func place(of key: Key) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) >> 1
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The place of the first of the fan's parts that may hold keys not below `key`.
    func part(for key: Key) -> Int {
        children.indices.first { !(children[$0].last < key) } ?? children.count
    }

    /// The lowest key. The node is not empty.
    var first: Key {
        if children.isEmpty || children[0].isEmpty { return keys[0] }
        return children[0].first
    }

    /// The highest key. The node is not empty.
    var last: Key {
        let end = children.count - 1
        if end < 0 || children[end].isEmpty { return keys[keys.count - 1] }
        return children[end].last
    }

    func contains(_ key: Key) -> Bool {
        guard !isEmpty else { return false }
        if isFan {
            let part = part(for: key)
            return part < children.count && children[part].contains(key)
        }
        let place = place(of: key)
        if place < keys.count, keys[place] == key { return true }
        return !children.isEmpty && children[place].contains(key)
    }
}
