public import Core

/// A set of event keys in their order, with one root hash that depends on the set alone.
///
/// Merkle Search Tree of base 16 (Auvolat and Taïani, SRDS 2019): a key's level is the number of
/// leading zero hex digits of its id, and a page holds the keys of one level with the subtrees of
/// lower keys between them. The shape, and so the root, is a function of the set: the order of
/// insertion leaves no trace.
///
/// A value: a copy is O(1) and shares its pages, so a copy is a snapshot. Every public operation
/// leaves all digests computed; `root` is a stored value. A change hashes the pages on its path:
/// add many keys with `insert(contentsOf:)`, which hashes each touched page once.
public struct MerkleSearchTree: Sendable {
    typealias Node = TreeNode<EventScheme>

    var top: Node

    /// The empty set.
    public init() { top = .empty }

    init(_ top: Node) {
        self.top = top
        self.top.settle()
    }

    /// The set of `keys`, which ascend strictly. O(n), about a fifth of a microsecond a key.
    public init(sorted keys: [EventKey]) {
        for place in keys.indices.dropFirst() {
            precondition(keys[place - 1] < keys[place], "keys must ascend strictly")
        }
        top = Node(ascending: keys)
    }

    public var count: Int { top.count }
    public var isEmpty: Bool { top.isEmpty }

    /// The set's hash: equal roots, equal sets.
    public var root: Digest { top.digest }

    /// The empty set's root.
    public static var emptyRoot: Digest { Node.empty.digest }

    /// The lowest key, nil in the empty set. O(depth).
    public var first: EventKey? { isEmpty ? nil : top.first }
    /// The highest key, nil in the empty set. O(depth).
    public var last: EventKey? { isEmpty ? nil : top.last }

    /// Whether `key` is in the set. O(depth).
    public func contains(_ key: EventKey) -> Bool { top.contains(key) }
}

extension MerkleSearchTree: Equatable {
    /// Compares roots and counts: sets that differ have the same root only where SHA-256 collides.
    public static func == (a: Self, b: Self) -> Bool { a.root == b.root && a.count == b.count }
}

/// Changing.
extension MerkleSearchTree {
    /// Adds `key`; false where it was there. Copies and hashes the pages on its path.
    @discardableResult
    public mutating func insert(_ key: EventKey) -> Bool {
        let isNew = top.insert(key, height: Int8(Self.level(of: key)))
        top.settle()
        return isNew
    }

    /// Adds `keys`, in any order, and returns how many were not there. Hashes each page that
    /// changed once.
    @discardableResult
    public mutating func insert(contentsOf keys: some Sequence<EventKey>) -> Int {
        let before = count
        for key in keys { _ = top.insert(key, height: Int8(Self.level(of: key))) }
        top.settle()
        return count - before
    }

    /// Takes `key` out; false where it was not there.
    @discardableResult
    public mutating func remove(_ key: EventKey) -> Bool {
        let was = top.remove(key)
        top.settle()
        return was
    }

    /// The set of the keys below `bound`, sharing pages with this one. O(depth).
    public func prefix(upTo bound: EventKey) -> MerkleSearchTree {
        MerkleSearchTree(top.split(at: bound).low)
    }
}

/// Order.
extension MerkleSearchTree {
    /// How many keys stand below `key`, which need not be in the set. O(depth).
    public func rank(of key: EventKey) -> Int { top.rank(of: key) }

    /// The key with `rank` keys below it; `rank` is in `0..<count`. O(depth).
    public func key(atRank rank: Int) -> EventKey {
        precondition(rank >= 0 && rank < count, "a rank outside of the set")
        return top.key(atRank: rank)
    }

    /// How many keys stand in `range`. O(depth).
    public func count(in range: Range<EventKey>) -> Int {
        rank(of: range.upperBound) - rank(of: range.lowerBound)
    }

    /// Calls `body` with the keys in `range`, ascending.
    public func forEach(in range: Range<EventKey>, _ body: (EventKey) -> Void) {
        top.forEach(from: range.lowerBound, to: range.upperBound, body)
    }

    /// The keys in `range`, ascending.
    public func keys(in range: Range<EventKey>) -> [EventKey] {
        keys(from: range.lowerBound, to: range.upperBound)
    }

    /// The keys whose ranks are in `ranks`, which lies within `0..<count`, ascending.
    public func keys(ranks: Range<Int>) -> [EventKey] {
        precondition(ranks.lowerBound >= 0 && ranks.upperBound <= count, "ranks outside of the set")
        if ranks.isEmpty { return [] }
        let high = ranks.upperBound < count ? key(atRank: ranks.upperBound) : nil
        return keys(from: key(atRank: ranks.lowerBound), to: high)
    }

    /// All keys, ascending. O(n).
    public var keys: [EventKey] { keys(from: nil, to: nil) }

    func keys(from low: EventKey?, to high: EventKey?) -> [EventKey] {
        var keys: [EventKey] = []
        top.forEach(from: low, to: high) { keys.append($0) }
        return keys
    }
}

/// Fingerprints of ranges.
extension MerkleSearchTree {
    /// The root of the tree of just the keys in `range`. Hashes at most two pages a level; the rest
    /// is stored.
    public func fingerprint(of range: Range<EventKey>) -> Digest {
        top.summary(from: range.lowerBound, to: range.upperBound).digest
    }

    /// The root of the tree of just the `count` lowest keys; `count` is in `0...self.count`.
    public func fingerprint(ofFirst count: Int) -> Digest {
        precondition(count >= 0 && count <= self.count, "more keys than there are")
        if count == self.count { return root }
        return top.summary(from: nil, to: key(atRank: count)).digest
    }
}
