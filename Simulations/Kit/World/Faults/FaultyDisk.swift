import Core
import Federation

/// What a disk that is wrong needs to know.
struct FaultyDisk: Sendable {
    let fault: DiskFault
    /// Writes under way, by their order; kept for a disk that tears.
    var underWay: [(token: Token, write: LogWrite)] = []
    /// A lying disk: what is really on it, and what it only says it has, with the time at which it
    /// said so.
    private var kept: MemoryLog
    private var claimed: [(time: Instant, write: LogWrite)] = []

    init(_ fault: DiskFault, _ log: MemoryLog) {
        self.fault = fault
        kept = log
    }

    /// A write was said to be durable.
    mutating func claim(_ write: LogWrite, at now: Instant) {
        guard case .losesLast(let span) = fault else { return }
        claimed.append((now, write))
        settle(before: now, span)
    }

    /// What is left after a loss of power.
    mutating func survivors(at now: Instant) -> MemoryLog? {
        guard case .losesLast(let span) = fault else { return nil }
        settle(before: now, span)
        claimed = []
        return kept
    }

    private mutating func settle(before now: Instant, _ span: Duration) {
        let count = claimed.prefix { now - $0.time >= span }.count
        for (_, write) in claimed.prefix(count) { kept.apply(write) }
        claimed.removeFirst(count)
    }
}

/// What `federate identity backup` saves: not the events.
struct NodeBackup: Sendable {
    /// Without cursors: they tell of a log that will be gone.
    let peers: [PeerRecord]
    /// How far the node's own chain went.
    let lastSequence: UInt64

    init(_ log: MemoryLog, of node: NodeID) {
        peers = log.peersWithoutCursors
        let own = log.entries.filter { $0.event.header.origin == node }
        lastSequence = own.map(\.event.header.sequence).max() ?? 0
    }
}

extension MemoryLog {
    /// Whom the node knows, as it is written into a new log.
    var peersWithoutCursors: [PeerRecord] {
        peers.map { peer in
            var peer = peer
            peer.cursor = nil
            return peer
        }
    }
}

/// Disks.
extension Simulation {
    mutating func setDisk(of index: Int, _ fault: DiskFault?) {
        nodes[index].disk = fault.map { FaultyDisk($0, nodes[index].log) }
    }

    /// Until a write of a node is durable, from when its disk turns to it.
    func storeCost(of index: Int) -> Duration {
        if case .slow(let cost)? = nodes[index].disk?.fault { return cost }
        return options.costs.store
    }

    /// A write begins; only a disk that tears must know.
    mutating func noteWrite(_ write: LogWrite, _ token: Token, at index: Int) {
        nodes[index].noteWrite(write, token)
    }

    /// A write is done; says whether it failed, and why.
    mutating func finishWrite(_ write: LogWrite, _ token: Token, at index: Int) -> String? {
        guard nodes[index].hasFaultyDisk() else { return nil }
        if nodes[index].disk?.fault == .full { return "the disk is full" }
        nodes[index].disk?.underWay.removeAll { $0.token == token }
        nodes[index].disk?.claim(write, at: now)
        return nil
    }

    /// A node has lost its power: what its disk makes of it.
    mutating func losePower(_ index: Int) {
        guard nodes[index].disk != nil else { return }
        if let left = nodes[index].disk?.survivors(at: now) { nodes[index].log = left }
        let underWay = nodes[index].disk?.underWay ?? []
        nodes[index].disk?.underWay = []
        guard !underWay.isEmpty else { return }
        var dice = seeds.dice("torn writes", index << 16 | nodes[index].life)
        for (_, write) in underWay.prefix(dice.below(underWay.count + 1)) {
            put(write, on: index)
        }
    }

    /// Makes a write durable.
    mutating func put(_ write: LogWrite, on index: Int) {
        guard isSound(write, of: index) else { return }
        var write = write
        sharedEvents.share(&write.entries)
        nodes[index].log.apply(write)
        trace.add(.durable, node: index, at: now, write.entries.flatMap(\.event.id.bytes))
        deliveries?.note(write.entries, of: nodes[index].key.node, at: now)
        record(write.entries, at: index)
        noteGoal(index)
    }
}

/// What a node starts from.
extension Simulation {
    /// Starts a node that is down from another disk than the one it went down with; says whether it
    /// could.
    mutating func start(_ index: Int, from disk: StartingDisk) -> Bool {
        guard nodes.indices.contains(index), !nodes[index].isUp else { return false }
        switch disk {
        case .kept: break
        case .empty:
            renewLog(of: index, nodes[index].log.peersWithoutCursors)
            nodes[index].settings.restoredSequence = nil
        case .backup:
            guard let backup = nodes[index].backup else { return false }
            renewLog(of: index, backup.peers)
            nodes[index].settings.restoredSequence = backup.lastSequence
        }
        start(index)
        return true
    }

    private mutating func renewLog(of index: Int, _ peers: [PeerRecord]) {
        // A new name: no position in the lost log means anything in this one.
        var secrets = seeds.secrets("new log", index << 16 | nodes[index].life)
        var log = MemoryLog(id: .fresh(&secrets))
        var write = LogWrite()
        write.peers = peers
        log.apply(write)
        nodes[index].log = log
        if let fault = nodes[index].disk?.fault { setDisk(of: index, fault) }
    }
}
