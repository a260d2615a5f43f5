import Core

/// Finds keys by the first 24 bits of their ids, at about seven bytes a key.
///
/// The index does not hold the keys: an entry says in which *window* of the tree's order its key
/// stands, about 48 neighboring keys, and the tree is asked for those. Windows begin at keys taken
/// from the set, so bursts and far-out times cost no precision.
///
/// A copy is O(1); the first change after it copies the table of buckets (128 KB for a million
/// keys) and one bucket.
struct IDIndex: Sendable {
    /// By the first bits of the id. An entry: the next 16 bits, then the window (16).
    private var buckets: [[UInt32]]
    private let bucketBits: Int
    /// The first key of each window; the first window has no lower bound.
    private var starts: [EventKey]
    private var sizes: [Int32]
    private let windowKeys: Int
    private(set) var count = 0
    /// The highest key that was ever inserted.
    private var newest: EventKey?

    private static let bucketKeys = 64
    private static let mostWindows = 1 << 16

    /// An index with windows for the keys of `tree`, and none of them in it yet.
    init(for tree: MerkleSearchTree) {
        windowKeys = max(48, tree.count / (Self.mostWindows / 2))
        starts = stride(from: 0, to: tree.count, by: windowKeys).map { tree.key(atRank: $0) }
        sizes = Array(repeating: 0, count: starts.count)
        newest = tree.last
        bucketBits = min(20, bitsToCount(tree.count / Self.bucketKeys))
        buckets = Array(repeating: [], count: 1 << bucketBits)
    }

    /// Whether a new index would serve better: windows or buckets have grown too large. O(1).
    private(set) var isWorn = false

    mutating func insert(_ key: EventKey) {
        let window = windowForNew(key)
        if newest.map({ $0 < key }) ?? true { newest = key }
        let bucket = bucket(key)
        buckets[bucket].append(entry(key, window))
        sizes[window] += 1
        count += 1
        let isCrowded = Int(sizes[window]) > 16 * windowKeys
        if isCrowded || count > 2 * Self.bucketKeys << bucketBits { isWorn = true }
    }

    /// Gives back the slack of buckets that grew one by one.
    mutating func compact() {
        // `map` makes an array without spare capacity.
        for bucket in buckets.indices { buckets[bucket] = buckets[bucket].map { $0 } }
    }

    /// The key is in the index.
    mutating func remove(_ key: EventKey) {
        let window = window(of: key)
        let (bucket, entry) = (bucket(key), entry(key, window))
        guard let place = buckets[bucket].firstIndex(of: entry) else { return }
        buckets[bucket].remove(at: place)
        sizes[window] -= 1
        count -= 1
    }

    /// The keys of `tree` whose ids begin with these 24 bits, ascending. The tree holds no others
    /// than the index.
    func keys(idPrefix prefix: UInt64, in tree: MerkleSearchTree) -> [EventKey] {
        // What of the prefix an entry repeats: at most 16 bits, from its top.
        let known = min(16, 24 - bucketBits)
        let next = UInt32(truncatingIfNeeded: prefix >> UInt64(24 - bucketBits - known))
        let wanted = next & (1 << UInt32(known) - 1)
        var windows: [Int] = []
        for entry in buckets[Int(prefix >> UInt64(24 - bucketBits))]
        where entry >> UInt32(32 - known) == wanted {
            windows.append(Int(entry & 0xffff))
        }
        var keys: [EventKey] = []
        var last: Int?
        for window in windows.sorted() where window != last {
            last = window
            let low = window == 0 ? nil : starts[window]
            let high = window + 1 < starts.count ? starts[window + 1] : nil
            tree.top.forEach(from: low, to: high) {
                if $0.id.w0 >> 40 == prefix { keys.append($0) }
            }
        }
        return keys
    }

    private func bucket(_ key: EventKey) -> Int {
        bucketBits == 0 ? 0 : Int(key.id.w0 >> UInt64(64 - bucketBits))
    }

    private func entry(_ key: EventKey, _ window: Int) -> UInt32 {
        UInt32((key.id.w0 << UInt64(bucketBits)) >> 48) << 16 | UInt32(window)
    }

    private func window(of key: EventKey) -> Int {
        if let last = starts.last, !(key < last) { return starts.count - 1 }
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if key < starts[middle] { high = middle } else { low = middle + 1 }
        }
        return max(0, low - 1)
    }

    /// The newest keys begin windows of their own.
    private mutating func windowForNew(_ key: EventKey) -> Int {
        let window = window(of: key)
        guard window == starts.count - 1 || starts.isEmpty else { return window }
        guard starts.isEmpty || Int(sizes[window]) >= windowKeys else { return window }
        // A window may begin only behind all keys of the one before.
        guard newest.map({ $0 < key }) ?? true else { return window }
        guard starts.count < Self.mostWindows else {
            isWorn = true
            return window
        }
        starts.append(key)
        sizes.append(0)
        return starts.count - 1
    }
}
