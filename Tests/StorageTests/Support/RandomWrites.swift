import Core

/// Draws writes that mix everything a log takes, duplicates and mistakes of peers included.
struct RandomWrites {
    var source: EventSource
    private var position: UInt64 = 0
    private var held: [LogEntry] = []
    private var withheld: [(id: EventID, body: Body)] = []
    private var aside: [EventID] = []
    private var refused: [RefusedEvent] = []

    init(seed: UInt64) { source = EventSource(seed: seed) }

    mutating func next() throws -> LogWrite {
        var write = LogWrite()
        for _ in 0..<source.dice.below(12) { write.entries.append(try entry()) }
        for _ in 0..<source.dice.below(3) { addBody(to: &write) }
        for _ in 0..<source.dice.below(3) { try addAside(to: &write) }
        for _ in 0..<source.dice.below(3) { write.refused.append(refusal()) }
        if source.dice.below(4) == 0 { write.equivocations = [equivocation()] }
        for _ in 0..<source.dice.below(3) { write.peers.append(try peer()) }
        try addMembership(to: &write)
        if source.dice.below(2) == 0 {
            write.clock = Timestamp(
                physical: UInt64(source.dice.below(1000)), counter: UInt16(source.dice.below(9)))
        }
        return write
    }

    private mutating func entry() throws -> LogEntry {
        // Positions have gaps, and a known event comes again at a new one.
        position += UInt64(1 + source.dice.below(3))
        if source.dice.below(6) == 0, var again = held.randomElement(using: &source.dice) {
            again.position = position
            return again
        }
        let kinds = ["test.note", "a\0b"] + EventKind.statements
        var event = try source.event(kind: kinds[source.dice.below(kinds.count)])
        if source.dice.below(4) == 0, let body = event.body {
            withheld.append((event.id, body))
            event.body = nil
        }
        let sender = source.dice.below(3)
        let entry = LogEntry(
            position: position, event: event, sender: sender == 0 ? nil : source.keys[sender].node)
        held.append(entry)
        return entry
    }

    private mutating func addBody(to write: inout LogWrite) {
        guard let (id, body) = withheld.randomElement(using: &source.dice) else { return }
        switch source.dice.below(4) {
        case 0: write.bodies[id] = source.body(body.bytes.count)
        case 1: write.bodies[source.id()] = body
        default: write.bodies[id] = body
        }
    }

    private mutating func addAside(to write: inout LogWrite) throws {
        if source.dice.below(2) == 0, let id = aside.randomElement(using: &source.dice) {
            write.released.append(id)
            return
        }
        var event = try source.event()
        if source.dice.below(4) == 0 { event.body = nil }
        aside.append(event.id)
        let sender = source.dice.below(2) == 0 ? nil : source.keys[0].node
        write.aside.append(AsideEvent(event: event, sender: sender))
    }

    /// What the engine writes about who belongs.
    private mutating func addMembership(to write: inout LogWrite) throws {
        if source.dice.below(3) == 0 { write.links[source.id()] = source.id() }
        if source.dice.below(3) == 0 {
            let id = UInt64.max - UInt64(source.dice.below(4))
            let user = source.dice.below(2) == 0 ? nil : source.keys[0].node
            write.invites = [
                Invite(
                    id: id, secret: source.bytes(16), expires: source.dice.next() >> 11,
                    usedBy: user)
            ]
        }
        if source.dice.below(6) == 0 {
            write.endedInvites = [UInt64.max - UInt64(source.dice.below(4))]
        }
        guard source.dice.below(4) == 0 else { return }
        let kinds = Alarm.Kind.allCases
        write.alarms = [
            Alarm(
                kind: kinds[source.dice.below(kinds.count)],
                node: source.keys[source.dice.below(2)].node,
                evidence: "seen \(source.dice.below(100))", time: source.dice.next() >> 11)
        ]
    }

    private mutating func refusal() -> RefusedEvent {
        var refusal = RefusedEvent(
            id: source.id(), sender: source.dice.below(2) == 0 ? nil : source.keys[1].node,
            reason: ["bad-signature", "too-early", "a\0b"][source.dice.below(3)],
            time: source.dice.next() >> 11)
        if source.dice.below(3) == 0, let again = refused.randomElement(using: &source.dice) {
            refusal.id = again.id
            refusal.sender = again.sender
        }
        refused.append(refusal)
        return refusal
    }

    private mutating func equivocation() -> Equivocation {
        Equivocation(
            origin: source.keys[source.dice.below(2)].node, scope: [],
            sequence: UInt64(1 + source.dice.below(2)), first: .zero,
            second: EventID(words: 0, 0, 0, UInt64(source.dice.below(2))))
    }

    private mutating func peer() throws -> PeerRecord {
        let states = PeerRecord.State.allCases
        let cursor = Cursor(log: try source.logID(), position: source.dice.next() >> 11)
        let approvals = PeerRecord.Approval.allCases.map { Optional($0) } + [nil]
        let cuts = [nil, Cut.nothing, Cut(through: source.id(), at: 1 + source.dice.next() >> 12)]
        return PeerRecord(
            node: source.keys[source.dice.below(source.keys.count)].node,
            state: states[source.dice.below(states.count)],
            approval: approvals[source.dice.below(approvals.count)],
            isApprovedThere: source.dice.below(2) == 0,
            given: (0..<source.dice.below(3)).map { "https://given.example:\(7000 + $0)" },
            endpoints: (0..<source.dice.below(4)).map { "https://[fe80::\($0)]:\(7000 + $0)" },
            label: ["", "Küche 🍳", "nul\0inside"][source.dice.below(3)],
            cursor: source.dice.below(3) == 0 ? nil : cursor, since: source.dice.next() >> 11,
            cut: cuts[source.dice.below(cuts.count)])
    }
}
