import Core
import Federation
import Testing

/// What is durable at one node. It complains where a write breaks what every write must keep.
struct Disk: Equatable {
    let id: LogID
    private(set) var entries: [LogEntry] = []
    private(set) var aside: [AsideEvent] = []
    private(set) var refused: [RefusedEvent] = []
    private(set) var equivocations: [Equivocation] = []
    private(set) var peers: [PeerRecord] = []
    private(set) var links: [EventID: EventID] = [:]
    private(set) var invites: [Invite] = []
    private(set) var alarms: [Alarm] = []
    private(set) var clock = Timestamp.zero
    private(set) var writes = 0
    /// Whether events may be let go of that were set aside: those of origins that are turned away.
    var mayLetGo = false

    init(id: LogID, peers: [PeerRecord] = []) {
        self.id = id
        self.peers = peers
    }

    var ids: [EventID] { entries.map(\.event.id) }

    func event(_ id: EventID) -> Event? { entries.first { $0.event.id == id }?.event }

    func peer(_ node: NodeID) -> PeerRecord? { peers.first { $0.node == node } }

    mutating func apply(_ write: LogWrite) {
        writes += 1
        for entry in write.entries {
            #expect(entry.position > entries.last?.position ?? 0, "positions ascend")
            #expect(!ids.contains(entry.event.id), "an event is stored once")
            #expect(entry.event.isSigned(), "what is stored is signed")
            #expect(entry.event.bodyMatches, "what is stored has its own body")
            entries.append(entry)
        }
        for (id, body) in write.bodies {
            guard let place = entries.firstIndex(where: { $0.event.id == id }) else {
                Issue.record("a body belongs to an event that is held")
                continue
            }
            entries[place].event.body = body
        }
        let released = Set(write.released)
        for id in released where !ids.contains(id) && !mayLetGo {
            let sender = aside.first { $0.event.id == id }?.sender
            let record = write.peers.first { $0.node == sender } ?? sender.flatMap(peer)
            #expect(record?.isOver == true, "what was set aside is not lost")
        }
        aside.removeAll { released.contains($0.event.id) }
        aside += write.aside
        refused += write.refused
        equivocations += write.equivocations
        for peer in write.peers {
            peers.removeAll { $0.node == peer.node }
            peers.append(peer)
        }
        links.merge(write.links) { a, _ in a }
        let gone = Set(write.invites.map(\.id) + write.endedInvites)
        invites.removeAll { gone.contains($0.id) }
        invites += write.invites
        alarms += write.alarms
        if let reading = write.clock {
            #expect(reading >= clock, "the clock never goes back")
            clock = reading
        }
    }

    func answer(_ query: Query) -> Loaded {
        switch query {
        case .events(let ids, let bytes): .events(events(ids, bytes: bytes))
        case .page(let position, let events, let bytes, let sender):
            page(after: position, events: events, bytes: bytes, excluding: sender)
        }
    }

    private func events(_ ids: [EventID], bytes: Int) -> [Event] {
        var size = 0
        return ids.compactMap { id in
            guard size < bytes, let event = event(id) else { return nil }
            size += event.wireSize
            return event
        }
    }

    private func page(
        after position: UInt64, events: Int, bytes: Int, excluding sender: NodeID?
    ) -> Loaded {
        var page: [LogEntry] = []
        var size = 0
        var through = position
        for entry in entries where entry.position > position {
            if sender == nil || entry.sender != sender {
                size += entry.event.wireSize
                if page.count == events || (size > bytes && !page.isEmpty) {
                    return .page(entries: page, through: through, isEnd: false)
                }
                page.append(entry)
            }
            through = entry.position
        }
        return .page(entries: page, through: through, isEnd: true)
    }

    /// All that an engine starts from.
    var state: LogState {
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
