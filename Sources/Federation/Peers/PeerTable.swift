import Core

/// The peers, and which of them were looked at to be changed: what is found for all of them, like
/// the next deadline, is found anew for these alone.
struct PeerTable: Sendable {
    private var peers: [NodeID: Peer] = [:]
    private var touched: Set<NodeID> = []
    private var deadlines = DeadlineHeap<NodeID>()
    /// Active peers, ascending.
    private(set) var active: [NodeID] = []
    /// Their keys, ascending: the order in which peers are gone through.
    private(set) var order: [NodeID] = []

    subscript(node: NodeID) -> Peer? {
        get { peers[node] }
        _modify {
            touched.insert(node)
            yield &peers[node]
        }
    }

    var values: Dictionary<NodeID, Peer>.Values { peers.values }
    var count: Int { peers.count }

    /// Adds a peer. O(peers).
    mutating func add(_ peer: Peer) {
        let node = peer.record.node
        if peers.updateValue(peer, forKey: node) == nil { order.insert(node, at: place(of: node)) }
        touched.insert(node)
    }

    /// Adds all of them. O(n log n).
    init(_ peers: [Peer] = []) {
        self.peers = Dictionary(peers.map { ($0.record.node, $0) }) { a, _ in a }
        order = self.peers.keys.sorted()
        touched = Set(order)
    }

    private func place(of node: NodeID) -> Int {
        order.firstIndex { $0 >= node } ?? order.endIndex
    }

    func mapValues<Value>(_ transform: (Peer) -> Value) -> [NodeID: Value] {
        peers.mapValues(transform)
    }

    /// When one of the peers has something to do next, as of the last `settle`.
    var nextDeadline: Instant? { deadlines.next }

    /// Peers that have something to do by `now`, ascending.
    mutating func due(at now: Instant) -> [NodeID] {
        let due = deadlines.pop(until: now)
        touched.formUnion(due)
        return due.sorted()
    }

    /// Finds deadlines and who is active anew for what was touched; true where somebody has become
    /// active, or is so no longer.
    mutating func settle(_ deadline: (Peer) -> Instant?) -> Bool {
        guard !touched.isEmpty else { return false }
        var changes: [NodeID: Bool] = [:]
        for node in touched {
            guard let peer = peers[node] else { continue }
            deadlines.set(deadline(peer), for: node)
            if peer.isActive != peer.countsAsActive { changes[node] = peer.isActive }
        }
        touched = []
        guard !changes.isEmpty else { return false }
        for (node, isActive) in changes { peers[node]?.countsAsActive = isActive }
        active = order.filter { peers[$0]?.countsAsActive == true }
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
