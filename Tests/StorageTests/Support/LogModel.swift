import Core

@testable import Storage

/// What a log should hold, kept in memory in the plainest way.
struct LogModel {
    let id: LogID
    var entries: [LogEntry] = []
    var aside: [EventID: AsideEvent] = [:]
    var refused: [RefusedEvent] = []
    var equivocations: Set<Equivocation> = []
    var peers: [NodeID: PeerRecord] = [:]
    var links: [EventID: EventID] = [:]
    var invites: [UInt64: Invite] = [:]
    var alarms: [Alarm] = []
    var clock = Timestamp.zero

    mutating func apply(_ write: LogWrite) -> Written {
        var written = Written()
        for entry in write.entries where place(entry.event.id) == nil {
            entries.append(entry)
            written.inserted += 1
        }
        for (id, body) in write.bodies {
            guard let place = place(id), entries[place].event.body == nil else { continue }
            guard entries[place].event.header.bodyHash == body.hash else { continue }
            entries[place].event.body = body
            written.filled += 1
        }
        for event in write.aside where aside[event.event.id] == nil {
            aside[event.event.id] = event
        }
        for id in write.released { aside[id] = nil }
        for var refusal in write.refused {
            if let old = refused.first(where: {
                $0.id == refusal.id && $0.sender == refusal.sender
            }) {
                refusal.firstReason = old.firstReason
                refusal.firstTime = old.firstTime
                refusal.count = old.count + 1
            }
            refused.removeAll { $0.id == refusal.id && $0.sender == refusal.sender }
            refused.append(refusal)
        }
        equivocations.formUnion(write.equivocations)
        for peer in write.peers { peers[peer.node] = peer }
        links.merge(write.links) { old, _ in old }
        for invite in write.invites { invites[invite.id] = invite }
        for id in write.endedInvites { invites[id] = nil }
        for alarm in write.alarms
        where !alarms.contains(where: { $0.kind == alarm.kind && $0.node == alarm.node }) {
            alarms.append(alarm)
        }
        if let clock = write.clock { self.clock = max(self.clock, clock) }
        return written
    }

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
        state.missingBodies = entries.filter { $0.event.body == nil }.map(\.event.id)
        state.aside = aside.values.sorted { $0.event.key < $1.event.key }
        state.equivocations = Array(equivocations)
        state.links = links
        state.controls = entries.map(\.event).filter {
            EventKind.statements.contains($0.header.kind)
        }
        state.invites = invites.values.sorted { $0.id < $1.id }
        state.alarms = alarms.sorted { $0.time < $1.time }
        state.peers = peers.values.sorted { $0.node < $1.node }
        return state
    }

    func page(after position: UInt64, limit: Int, maxBytes: Int, excluding: NodeID?) -> LogPage {
        var page = LogPage(lastPosition: position)
        var bytes = 0
        for entry in entries where entry.position > position {
            page.isEnd = false
            if page.entries.count == limit { return page }
            if excluding == nil || entry.sender != excluding {
                bytes += entry.event.wireSize
                if bytes > maxBytes, !page.entries.isEmpty { return page }
                page.entries.append(entry)
            }
            page.lastPosition = entry.position
        }
        page.isEnd = true
        return page
    }

    private func place(_ id: EventID) -> Int? { entries.firstIndex { $0.event.id == id } }
}
