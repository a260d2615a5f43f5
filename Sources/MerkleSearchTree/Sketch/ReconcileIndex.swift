public import Core

/// A set of event keys with all that sessions need of it: the tree, sketches of it, and a way from
/// ids to keys. No session takes time in proportion to the set.
///
/// A value: a copy is O(1) and a snapshot; sketches are copied by the first change after it. Small
/// sets keep no aggregates: they are made when a session asks.
public struct ReconcileIndex: Sendable {
    public private(set) var tree: MerkleSearchTree
    /// The epochs whose sketches a session may use, the one to offer last.
    public private(set) var epochs: [UInt64]
    private var sketches: [Sketch] = []
    private var ids: IDIndex?
    private var preparation: Preparation?
    /// What was cut off for this snapshot would cost more to take out of the sketches than a
    /// descent.
    private var isWithoutSketches = false

    /// Below this, a sketch takes a millisecond to make.
    static let smallest = 1024
    /// More keys than this are not taken out of a sketch for a cutoff, which a peer may name:
    /// honest ones leave out a few whose time has not come.
    static let mostCutOff = 1024

    /// A set with sketches for `epochs`. O(n): about a microsecond a key and epoch.
    public init(sorted keys: [EventKey], epochs: [UInt64] = [0]) {
        self.init(MerkleSearchTree(sorted: keys), epochs: epochs)
    }

    /// As above, from a tree.
    public init(_ tree: MerkleSearchTree = MerkleSearchTree(), epochs: [UInt64] = [0]) {
        self.tree = tree
        self.epochs = epochs
        for epoch in epochs { _ = prepare(epoch, keys: .max) }
    }

    /// A set without aggregates; `prepare` makes them bit by bit. O(1).
    public static func unprepared(_ tree: MerkleSearchTree) -> ReconcileIndex {
        ReconcileIndex(tree, epochs: [])
    }

    var isSmall: Bool { tree.count < Self.smallest }
}

/// Changing.
extension ReconcileIndex {
    /// Adds keys in any order and returns how many were not there.
    @discardableResult
    public mutating func insert(contentsOf keys: some Sequence<EventKey>) -> Int {
        let wasSmall = isSmall
        var new: [EventKey] = []
        // In their order, so that neighbors find the pages of their path in the cache.
        for key in keys.sorted() where !tree.contains(key) { new.append(key) }
        let count = tree.insert(contentsOf: new)
        if wasSmall {
            if !isSmall { makeAll() }
            return count
        }
        // Twice in one call is once in the set.
        if count < new.count { new = Set(new).sorted() }
        for place in sketches.indices { for key in new { sketches[place].add(key) } }
        for key in new { ids?.insert(key) }
        preparation?.note(new, isAdded: true)
        renewWorn()
        return count
    }

    /// Takes out keys and returns how many were there.
    @discardableResult
    public mutating func remove(contentsOf keys: Set<EventKey>) -> Int {
        let leaving = keys.filter { tree.contains($0) }.sorted()
        if leaving.count > tree.count / 32 {
            tree = MerkleSearchTree(sorted: tree.keys.filter { !keys.contains($0) })
        } else {
            for key in leaving { tree.remove(key) }
        }
        if isSmall {
            (sketches, ids, preparation) = ([], nil, nil)
            return leaving.count
        }
        for place in sketches.indices { for key in leaving { sketches[place].remove(key) } }
        for key in leaving { ids?.remove(key) }
        preparation?.note(leaving, isAdded: false)
        return leaving.count
    }

    /// A snapshot without these keys. O(keys), and of the tree's depth.
    public func subtracting(_ keys: Set<EventKey>) -> ReconcileIndex {
        var index = self
        index.preparation = nil
        if keys.count > tree.count / 4 { index.dropSketches() }
        index.remove(contentsOf: keys)
        return index
    }

    /// A snapshot of the keys below `bound`. O(what is cut off), and of the tree's depth.
    public func prefix(upTo bound: EventKey) -> ReconcileIndex {
        var index = self
        index.preparation = nil
        index.tree = tree.prefix(upTo: bound)
        guard index.tree.count < tree.count else { return index }
        if tree.count - index.tree.count > Self.mostCutOff { index.dropSketches() }
        let cutOff = index.sketches.isEmpty ? [] : tree.keys(ranks: index.tree.count..<tree.count)
        for place in index.sketches.indices {
            for key in cutOff { index.sketches[place].remove(key) }
        }
        if index.isSmall { index.isWithoutSketches = false }
        return index
    }

    private mutating func dropSketches() {
        sketches = []
        isWithoutSketches = true
    }

    private mutating func makeAll() {
        (sketches, ids) = ([], nil)
        for epoch in epochs { _ = prepare(epoch, keys: .max) }
    }

    /// Sets that have outgrown an aggregate get a larger one.
    private mutating func renewWorn() {
        if ids?.isWorn == true {
            var renewed = IDIndex(for: tree)
            tree.top.forEach(from: nil, to: nil) { renewed.insert($0) }
            ids = renewed
        }
        let worn = sketches.filter {
            tree.count > 2 * 4 * $0.cells.count && $0.cells.count < 65_536
        }
        for sketch in worn {
            sketches.removeAll { $0.epoch == sketch.epoch }
            _ = prepare(sketch.epoch, keys: .max)
        }
    }
}

/// Epochs.
extension ReconcileIndex {
    /// Keeps the sketches of these epochs, the one to offer last, and forgets others. Those that
    /// are not there yet are not offered before `prepare` has made them.
    public mutating func setEpochs(_ epochs: [UInt64]) {
        self.epochs = epochs
        sketches.removeAll { !epochs.contains($0.epoch) }
        if let epoch = preparation?.sketch.epoch, !epochs.contains(epoch) { preparation = nil }
    }

    /// Whether the sketch of `epoch` can be used.
    public func isPrepared(_ epoch: UInt64) -> Bool {
        isSmall || sketches.contains { $0.epoch == epoch }
    }

    /// Goes on making the sketch of `epoch`, for so many more keys at about a microsecond each;
    /// true when it is ready. Keys may come and go meanwhile. One is made at a time.
    public mutating func prepare(_ epoch: UInt64, keys most: Int) -> Bool {
        guard !isPrepared(epoch) else { return true }
        var work =
            preparation.flatMap { $0.sketch.epoch == epoch ? $0 : nil }
            ?? Preparation(epoch, tree, needsIDs: ids == nil)
        preparation = nil
        guard work.advance(over: tree, keys: most) else {
            preparation = work
            return false
        }
        sketches.append(work.sketch)
        work.ids?.compact()
        if let ids = work.ids { self.ids = ids }
        return true
    }

    /// A sketch in the making: of the keys below `next`.
    private struct Preparation {
        var sketch: Sketch
        var ids: IDIndex?
        var next: EventKey?

        init(_ epoch: UInt64, _ tree: MerkleSearchTree, needsIDs: Bool) {
            sketch = Sketch(epoch: epoch, expecting: tree.count)
            ids = needsIDs ? IDIndex(for: tree) : nil
            next = EventKey(physical: 0, counter: 0, id: .zero)
        }

        mutating func advance(over tree: MerkleSearchTree, keys most: Int) -> Bool {
            guard let start = next else { return true }
            let first = tree.rank(of: start)
            let end = most < tree.count - first ? first + most : tree.count
            let high = end < tree.count ? tree.key(atRank: end) : nil
            tree.top.forEach(from: start, to: high) {
                sketch.add($0)
                ids?.insert($0)
            }
            next = high
            return high == nil
        }

        mutating func note(_ keys: [EventKey], isAdded: Bool) {
            for key in keys where next.map({ key < $0 }) ?? true {
                if isAdded { sketch.add(key) } else { sketch.remove(key) }
                if isAdded { ids?.insert(key) } else { ids?.remove(key) }
            }
        }
    }
}

/// Looking up.
extension ReconcileIndex {
    /// The sketch of an epoch; nil where it is not kept or not ready.
    public func sketch(epoch: UInt64) -> Sketch? {
        guard epochs.contains(epoch), !isWithoutSketches else { return nil }
        guard isSmall else { return sketches.first { $0.epoch == epoch } }
        var sketch = Sketch(epoch: epoch, expecting: tree.count)
        tree.top.forEach(from: nil, to: nil) { sketch.add($0) }
        return sketch
    }

    /// The sketch to offer: of the last of the epochs whose sketch is ready.
    var latestSketch: Sketch? {
        for epoch in epochs.reversed() {
            if let sketch = sketch(epoch: epoch) { return sketch }
        }
        return nil
    }

    /// The keys whose values begin with these bits, at least 24, ascending. About a microsecond.
    func keys(matching value: UInt64, topBits: Int, _ hash: SketchHash) -> [EventKey] {
        func matches(_ key: EventKey) -> Bool {
            hash.value(of: key) >> UInt64(SketchHash.valueBits - topBits) == value
        }
        let prefix = value >> UInt64(topBits - SketchHash.idBits)
        if let ids { return ids.keys(idPrefix: prefix, in: tree).filter(matches) }
        var keys: [EventKey] = []
        tree.top.forEach(from: nil, to: nil) {
            if $0.id.w0 >> 40 == prefix, matches($0) { keys.append($0) }
        }
        return keys
    }

    /// What is not there yet of `keys`, up to a cutoff, ascending and each once.
    func inSession(_ keys: [EventKey], upTo cutoff: Timestamp?) -> [EventKey] {
        let limit = cutoff.map { EventKey(time: $0.next, id: .zero) }
        return Set(
            keys.filter { key in
                !tree.contains(key) && (limit.map { key < $0 } ?? true)
            }
        ).sorted()
    }

    /// Without the keys of later events; all of them where the cutoff is nil.
    func upTo(_ cutoff: Timestamp?) -> ReconcileIndex {
        cutoff.map { prefix(upTo: EventKey(time: $0.next, id: .zero)) } ?? self
    }
}
