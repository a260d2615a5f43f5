public import Core

/// The Merkle Search Tree of an AT Protocol repository (atproto.com/specs/repository, "MST
/// Structure"), by the same code as the tree of events: the same insertions, removals, splits and
/// joins, with another scheme. Its roots are those of other implementations, byte for byte.
///
/// Base 4: a key's level is the number of leading zero bits of its SHA-256, by twos. Levels without
/// keys are nodes of their own.
public struct RepositoryTree: Sendable {
    private var top = TreeNode<RepositoryScheme>.empty

    /// The empty repository.
    public init() {}

    /// Sets a record; `path` is "collection/key", `content` the SHA-256 in the record's CID
    /// (version 1, DAG-CBOR). O(depth).
    public mutating func set(_ path: String, to content: Digest) {
        let key = RepositoryKey(path: Array(path.utf8), content: content)
        _ = top.remove(key)
        _ = top.insert(key, height: Int8(RepositoryScheme.level(of: key)))
        top.settle()
    }

    /// Takes a record out; false where it was not there. O(depth).
    @discardableResult
    public mutating func remove(_ path: String) -> Bool {
        let was = top.remove(RepositoryKey(path: Array(path.utf8), content: .zero))
        top.settle()
        return was
    }

    /// The SHA-256 in the root's CID.
    public var root: Digest { top.digest }
    /// Records.
    public var count: Int { top.count }

    /// A path's level.
    public static func level(of path: String) -> Int {
        RepositoryScheme.level(of: RepositoryKey(path: Array(path.utf8), content: .zero))
    }
}

/// A record: ordered and equal by its path.
struct RepositoryKey: Comparable, Sendable {
    var path: [UInt8]
    var content: Digest

    static func < (a: Self, b: Self) -> Bool { a.path.lexicographicallyPrecedes(b.path) }
    static func == (a: Self, b: Self) -> Bool { a.path == b.path }
}

/// Nodes in DAG-CBOR, hashed with SHA-256: `{"e": [{"k": suffix, "p": shared, "t": tree, "v":
/// value}], "l": tree}`.
enum RepositoryScheme: TreeScheme {
    static let highestLevel = 127
    static let widestPage = Int.max
    static let emptyDigest: Digest = SHA256.hash(node(left: nil, entries: []))

    static func level(of key: RepositoryKey) -> Int {
        let digest: Digest = SHA256.hash(key.path)
        var zeros = 0
        for word in [digest.w0, digest.w1, digest.w2, digest.w3] {
            zeros += word.leadingZeroBitCount
            if word != 0 { break }
        }
        return min(zeros / 2, highestLevel)
    }

    static func digest(ofPage page: TreeNode<Self>, _ piece: PagePiece) -> Digest {
        func gap(_ place: Int) -> Digest? {
            page.children.isEmpty ? nil : link(page.children[place], from: page.level)
        }
        var entries: [UInt8] = []
        var before: [UInt8] = []
        for place in piece.keys {
            let key = page.keys[place]
            let shared = zip(before, key.path).prefix { $0 == $1 }.count
            entries += entry(key, shared: shared, tree: gap(place + 1))
            before = key.path
        }
        let left = gap(piece.keys.lowerBound)
        return SHA256.hash(node(left: left, entries: entries, count: piece.keys.count))
    }

    /// The link to a gap's tree from a page of `level`: levels between are nodes without entries.
    private static func link(_ child: TreeNode<Self>, from level: Int8) -> Digest? {
        if child.isEmpty { return nil }
        var digest = child.digest
        for _ in child.level + 1..<level { digest = SHA256.hash(node(left: digest, entries: [])) }
        return digest
    }

    private static func node(left: Digest?, entries: [UInt8], count: Int = 0) -> [UInt8] {
        [0xa2] + text("e") + head(4, count) + entries + text("l") + link(left)
    }

    private static func entry(_ key: RepositoryKey, shared: Int, tree: Digest?) -> [UInt8] {
        let suffix = key.path[shared...]
        return [0xa4] + text("k") + head(2, suffix.count) + suffix + text("p") + head(0, shared)
            + text("t") + link(tree) + text("v") + link(key.content)
    }

    /// A CID: tag 42 over a zero byte, version 1, DAG-CBOR, SHA-256; or null.
    private static func link(_ digest: Digest?) -> [UInt8] {
        guard let digest else { return [0xf6] }
        return [0xd8, 42] + head(2, 37) + [0, 1, 0x71, 0x12, 32] + digest.bytes
    }

    private static func text(_ letter: Unicode.Scalar) -> [UInt8] {
        [0x61, UInt8(truncatingIfNeeded: letter.value)]
    }

    /// A CBOR head in its shortest form.
    private static func head(_ major: UInt8, _ number: Int) -> [UInt8] {
        switch number {
        case ..<24: [major << 5 | UInt8(number)]
        case ..<256: [major << 5 | 24, UInt8(number)]
        default: [major << 5 | 25, UInt8(number >> 8 & 255), UInt8(number & 255)]
        }
    }

    // There are no fans: no page is too wide.
    static func digest(ofFan fan: TreeNode<Self>) -> Digest { fan.digest }
    static func successor(of key: RepositoryKey) -> RepositoryKey {
        RepositoryKey(path: key.path + [0], content: .zero)
    }
    static func digit(of key: RepositoryKey, at place: Int) -> UInt8 { 0 }
    static func sharedDigits(_ a: RepositoryKey, _ b: RepositoryKey) -> Int { 0 }
    static func replacing(_ key: RepositoryKey, digitAt place: Int, by digit: UInt8)
        -> RepositoryKey
    { key }
}
