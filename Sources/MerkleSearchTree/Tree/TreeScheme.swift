import Core

/// What a Merkle Search Tree is made of: keys, their levels, and how a page is hashed.
///
/// The shape and all changes are one code (`TreeNode`); a scheme of another system makes that
/// system's trees, byte for byte.
protocol TreeScheme: SendableMetatype {
    associatedtype Key: Comparable & Sendable

    /// No key stands higher.
    static var highestLevel: Int { get }
    /// The most keys that a page lists; a wider one becomes a fan.
    static var widestPage: Int { get }
    static var emptyDigest: Digest { get }

    static func level(of key: Key) -> Int
    static func digest(ofPage page: TreeNode<Self>, _ piece: PagePiece) -> Digest
    static func digest(ofFan fan: TreeNode<Self>) -> Digest

    /// The lowest key above this one.
    static func successor(of key: Key) -> Key
    /// Hex digits of keys, which fans branch on.
    static func digit(of key: Key, at place: Int) -> UInt8
    static func sharedDigits(_ a: Key, _ b: Key) -> Int
    static func replacing(_ key: Key, digitAt place: Int, by digit: UInt8) -> Key
}

extension TreeScheme {
    /// Subtrees of so few keys are compared key by key.
    static var smallPage: Int { 64 }
}

/// Which part of a page is hashed: all of it, or what a range leaves.
struct PagePiece {
    var keys: Range<Int>
    /// Keys in all.
    var count: Int
    /// The digests of the outer gaps where these are cut.
    var low: Digest?
    var high: Digest?
}
