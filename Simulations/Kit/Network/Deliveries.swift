public import Core

/// When events became durable where, and how they got there.
public struct Deliveries: Sendable {
    /// One event.
    public struct Line: Hashable, Sendable {
        /// When it was durable at its origin.
        public var born: Instant
        /// Nodes that hold it.
        public var holders = 1
        /// How often it was passed on on its longest way.
        public var lastHop = 0
    }

    /// By event.
    public private(set) var lines: [EventID: Line] = [:]
    /// From durable at the origin to durable elsewhere, one for each event and node.
    public private(set) var latencies: [Duration] = []
    /// Those of them between nodes that are not `apart`.
    public private(set) var untouched: [Duration] = []
    /// Nodes that something is to happen to.
    var apart: Set<NodeID> = []

    /// Takes in what a node has stored.
    mutating func note(_ entries: [LogEntry], of node: NodeID, at now: Instant) {
        for entry in entries {
            guard entry.sender != nil else {
                lines[entry.event.id] = Line(born: now)
                continue
            }
            guard let born = lines[entry.event.id]?.born else { continue }
            lines[entry.event.id]?.holders += 1
            latencies.append(now - born)
            let origin = entry.event.header.origin
            if !apart.contains(node), !apart.contains(origin) {
                untouched.append(now - born)
            }
        }
    }

    mutating func note(_ hop: UInt8, of id: EventID) {
        guard let last = lines[id]?.lastHop else { return }
        lines[id]?.lastHop = max(last, Int(hop))
    }
}

extension Simulation {
    /// From now on it is noted when new events arrive where; to and from nodes of `apart` apart.
    public mutating func watchDeliveries(except apart: Set<Int> = []) {
        deliveries = Deliveries()
        deliveries?.apart = Set(apart.map { nodes[$0].key.node })
    }

    mutating func noteHop(_ hop: UInt8, of id: EventID, at node: Int) {
        deliveries?.note(hop, of: id)
        recorder?.note(hop: Int(hop), of: id, at: node)
    }

    /// From now on so many messages are lost.
    public mutating func set(loss: Double) { options.link.loss = loss }
}
