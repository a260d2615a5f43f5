public import Core
public import Federation

/// A node's log in memory: what the SQLite store is to the running node. It outlives a crash of its
/// engine.
///
/// A value: a copy is a snapshot of the disk.
public struct MemoryLog: Sendable {
    public let id: LogID
    /// Positions ascend.
    public private(set) var entries: [LogEntry] = []
    public private(set) var aside: [AsideEvent] = []
    public private(set) var refused: [RefusedEvent] = []
    public private(set) var equivocations: [Equivocation] = []
    public private(set) var peers: [PeerRecord] = []
    public private(set) var links: [EventID: EventID] = [:]
    public private(set) var invites: [Invite] = []
    public private(set) var alarms: [Alarm] = []
    public private(set) var clock = Timestamp.zero
    private var places: [EventID: Int] = [:]
    private var peerPlaces: [NodeID: Int] = [:]

    public init(id: LogID) { self.id = id }

    /// Events held.
    public var count: Int { entries.count }

    /// Whether the event is durable here.
    public func holds(_ id: EventID) -> Bool { places[id] != nil }

    /// Carries out one transaction. Positions must ascend and ids be new: an engine that breaks
    /// this has a bug, and a run that went on would prove nothing.
    public mutating func apply(_ write: LogWrite) {
        for entry in write.entries {
            precondition(entry.position > (entries.last?.position ?? 0), "positions ascend")
            precondition(places[entry.event.id] == nil, "an event was stored twice")
            places[entry.event.id] = entries.count
            entries.append(entry)
        }
        // Each body goes to its own place, so the order of the dictionary leaves no trace.
        for (id, body) in write.bodies {
            if let place = places[id] { entries[place].event.body = body }
        }
        let released = Set(write.released)
        aside.removeAll { released.contains($0.event.id) }
        aside += write.aside
        refused += write.refused
        equivocations += write.equivocations
        links.merge(write.links) { a, _ in a }
        let gone = Set(write.invites.map(\.id) + write.endedInvites)
        invites.removeAll { gone.contains($0.id) }
        invites += write.invites
        alarms += write.alarms
        for peer in write.peers { put(peer) }
        if let reading = write.clock {
            precondition(reading >= clock, "a clock never goes back")
            clock = reading
        }
    }

    private mutating func put(_ peer: PeerRecord) {
        if let place = peerPlaces[peer.node] {
            peers[place] = peer
        } else {
            peerPlaces[peer.node] = peers.count
            peers.append(peer)
        }
    }
}

/// Reading.
extension MemoryLog {
    /// Reads what an engine's `load` asks for.
    public func answer(_ query: Query) -> Loaded {
        switch query {
        case .page(let position, let events, let bytes, let sender):
            page(after: position, events: events, bytes: bytes, excluding: sender)
        case .events(let ids, let bytes): .events(events(ids, bytes: bytes))
        }
    }

    /// As many as the log on the disk would read.
    private func events(_ ids: [EventID], bytes: Int) -> [Event] {
        var found: [Event] = []
        var size = 0
        for id in ids where size < bytes {
            guard let place = places[id] else { continue }
            found.append(entries[place].event)
            size += entries[place].event.wireSize
        }
        return found
    }

    /// At least one entry where there is one, or an event larger than `bytes` would stop the reader
    /// for ever.
    private func page(
        after position: UInt64, events: Int, bytes: Int, excluding sender: NodeID?
    ) -> Loaded {
        var page: [LogEntry] = []
        var size = 0
        var through = position
        var place = firstPlace(after: position)
        while place < entries.count {
            if sender == nil || entries[place].sender != sender {
                size += entries[place].event.wireSize
                if page.count == events || (size > bytes && !page.isEmpty) { break }
                page.append(entries[place])
            }
            through = entries[place].position
            place += 1
        }
        return .page(entries: page, through: through, isEnd: place == entries.count)
    }

    private func firstPlace(after position: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// All that an engine starts from.
    public var state: LogState {
        var state = LogState(id: id)
        state.clock = clock
        state.lastPosition = entries.last?.position ?? 0
        state.keys = entries.map(\.event.key).sorted()
        state.places = entries.map { entry in
            let header = entry.event.header
            return ChainPlace(
                origin: header.origin, scope: header.scope, sequence: header.sequence,
                key: entry.event.key)
        }
        state.links = links
        state.controls = entries.map(\.event).filter { Statement($0) != nil }
        state.invites = invites
        state.alarms = alarms
        state.missingBodies = entries.filter { $0.event.body == nil }.map(\.event.id)
        state.aside = aside
        state.equivocations = equivocations
        state.peers = peers
        return state
    }
}
