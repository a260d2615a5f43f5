import Core

/// The peers, and which of them were looked at to be changed: what is found for all of them, like
/// the next deadline, is found anew for these alone.
///
/// Rows in the order of their keys: a peer is large, and is read and changed where it is.
struct PeerTable: Sendable {
    /// Their keys, ascending: the order in which peers are gone through.
    private(set) var order: [NodeID] = []
    /// Beside `order`; none is nil.
    private var peers: [Peer?] = []
    private var isTouched: [Bool] = []
    private var touched: [Int] = []
    private var deadlines = DeadlineHeap<NodeID>()
    /// Active peers, ascending.
    private(set) var active: [NodeID] = []

    /// O(log n). New ones come by `add`.
    // Where this is not inlined, reading one field copies the whole peer.
    @inline(__always)
    subscript(node: NodeID) -> Peer? {
        _read {
            if let place = place(of: node) { yield peers[place] } else { yield nil }
        }
        _modify {
            if let place = place(of: node) {
                touch(place)
                yield &peers[place]
            } else {
                var nobody: Peer?
                yield &nobody
            }
        }
    }

    /// A peer whose change moves no deadline and leaves it as active as it was: it is not looked
    /// at again.
    @inline(__always)
    subscript(inPassing node: NodeID) -> Peer? {
        _read {
            if let place = place(of: node) { yield peers[place] } else { yield nil }
        }
        _modify {
            if let place = place(of: node) {
                yield &peers[place]
            } else {
                var nobody: Peer?
                yield &nobody
            }
        }
    }

    /// In the order of their keys.
    var values: some Sequence<Peer> { peers.lazy.compactMap { $0 } }
    var count: Int { order.count }

    /// Adds a peer. O(peers).
    mutating func add(_ peer: Peer) {
        let node = peer.record.node
        guard place(of: node) == nil else { return self[node] = peer }
        let place = firstPlace(from: node)
        order.insert(node, at: place)
        peers.insert(peer, at: place)
        isTouched.insert(false, at: place)
        touched = touched.map { $0 < place ? $0 : $0 + 1 }
        touch(place)
    }

    /// Adds all of them. O(n log n).
    init(_ peers: [Peer] = []) {
        let first = Dictionary(peers.map { ($0.record.node, $0) }) { a, _ in a }
        order = first.keys.sorted()
        self.peers = order.map { first[$0] }
        isTouched = order.map { _ in true }
        touched = Array(order.indices)
    }

    private func firstPlace(from node: NodeID) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < node { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func place(of node: NodeID) -> Int? {
        let place = firstPlace(from: node)
        return place < order.count && order[place] == node ? place : nil
    }

    private mutating func touch(_ place: Int) {
        guard !isTouched[place] else { return }
        isTouched[place] = true
        touched.append(place)
    }

    func mapValues<Value>(_ transform: (Peer) -> Value) -> [NodeID: Value] {
        Dictionary(uniqueKeysWithValues: values.map { ($0.record.node, transform($0)) })
    }

    /// When one of the peers has something to do next, as of the last `settle`.
    var nextDeadline: Instant? { deadlines.next }

    /// Peers that have something to do by `now`, ascending.
    mutating func due(at now: Instant) -> [NodeID] {
        let due = deadlines.pop(until: now).sorted()
        for node in due { place(of: node).map { touch($0) } }
        return due
    }

    /// Finds deadlines and who is active anew for what was touched; true where somebody has become
    /// active, or is so no longer.
    mutating func settle(_ deadline: (borrowing Peer) -> Instant?) -> Bool {
        guard !touched.isEmpty else { return false }
        var changes = false
        for place in touched {
            isTouched[place] = false
            deadlines.set(peers[place].flatMap { deadline($0) }, for: order[place])
            guard let isActive = peers[place]?.isActive, isActive != peers[place]?.countsAsActive
            else { continue }
            peers[place]?.countsAsActive = isActive
            changes = true
        }
        touched.removeAll(keepingCapacity: true)
        guard changes else { return false }
        active = order.indices.filter { peers[$0]?.countsAsActive == true }.map { order[$0] }
        return true
    }
}

/// Deadlines by name: setting one is O(log n), and so is taking out what is due.
struct DeadlineHeap<Name: Hashable & Comparable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var due: Instant
        var name: Name
    }

    private var current: [Name: Instant] = [:]
    /// A binary heap, earliest first, in which entries that no longer count stay until they come to
    /// the top.
    private var heap: [Entry] = []

    var next: Instant? { heap.first?.due }

    mutating func set(_ due: Instant?, for name: Name) {
        guard current[name] != due else { return }
        current[name] = due
        if let due {
            heap.append(Entry(due: due, name: name))
            siftUp(heap.count - 1)
        }
        // Where most of it is old, it is made anew.
        if heap.count > 64, heap.count > 4 * current.count { rebuild() }
        dropOld()
    }

    /// Takes out what is due; it has no deadline until one is set anew.
    mutating func pop(until now: Instant) -> [Name] {
        var names: [Name] = []
        while let first = heap.first, first.due <= now {
            if current[first.name] == first.due {
                current[first.name] = nil
                names.append(first.name)
            }
            removeFirst()
        }
        dropOld()
        return names
    }

    private mutating func dropOld() {
        while let first = heap.first, current[first.name] != first.due { removeFirst() }
    }

    private mutating func rebuild() {
        heap = current.map { Entry(due: $0.value, name: $0.key) }
        for place in heap.indices.reversed() { siftDown(place) }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        while place > 0, heap[place].due < heap[(place - 1) / 2].due {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[child].due < heap[least].due {
                least = child
            }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
