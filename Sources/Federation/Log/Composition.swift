import Core

/// Composes one commit out of jobs: what is new, what is held, what is refused, and why.
///
/// Pure bookkeeping over the index as it was when the last commit became durable; it sees what
/// earlier jobs of the same commit add.
struct Composition {
    private(set) var write = LogWrite()
    private(set) var cursors: [NodeID: Cursor] = [:]
    private(set) var reports: [Report] = []
    private(set) var findings: [Finding] = []
    private let index: LogIndex
    private let membership: Membership
    private let key: SecretKey
    private let wall: WallTime
    private var secrets: Secrets
    private var clock: HybridLogicalClock
    private var position: UInt64
    private var fresh: Set<EventID> = []
    /// Places in `write.entries` of events that came without their body.
    private var bodiless: [EventID: Int] = [:]
    private var places: [Place: EventID] = [:]
    private var asideCounts: [NodeID: Int] = [:]
    private var asideBytes = 0
    private var strangers = 0
    /// Keys of which a contest was found.
    private var contests: Set<NodeID> = []
    private var own: (sequence: UInt64, previous: EventID?)
    /// Whether our own key has ended: nothing follows the event by which it does.
    private var isOwnKeyOver: Bool

    /// What the engine must act on.
    enum Finding {
        /// A peer handed over an event that our own key signed and that we did not hold.
        case ownEventFromElsewhere(EventID, NodeID)
        /// A key that was rotated names another successor too, in an event that comes too late.
        case contested(NodeID, EventID)
    }

    private struct Place: Hashable {
        var origin: NodeID
        var sequence: UInt64
    }

    init(
        _ index: LogIndex, _ membership: Membership, key: SecretKey, wall: WallTime,
        secrets: Secrets
    ) {
        self.index = index
        self.membership = membership
        self.key = key
        self.wall = wall
        self.secrets = secrets
        clock = index.clock
        position = index.lastPosition
        own = index.end(of: key.node, scope: [])
        isOwnKeyOver = index.controls[key.node].contains(where: \.endsOwnKey)
        // Own events from the future, back from peers after a restore, keep their places.
        let waiting = index.aside.values.map(\.event).filter { $0.header.origin == key.node }
        for event in waiting.sorted(by: { $0.key < $1.key })
        where event.header.sequence >= own.sequence {
            own = (event.header.sequence + 1, event.id)
        }
    }

    /// Adds a job and notes in it what becomes of its events.
    mutating func add(_ job: inout Job) {
        job.outcomes = zip(job.events, job.verdicts).map { event, isSigned in
            isSigned == true ? admit(event, from: job) : refuse(event.id, .badSignature, job.sender)
        }
        for _ in job.malformed { reports.append(.refused(nil, sender: job.sender, .malformed)) }
        for draft in job.drafts where job.refusal == nil { make(draft, for: &job) }
        switch job.source {
        case .streamed(let node, _, let next, _), .pulled(let node, let next, _):
            cursors[node] = next
        case .aside:
            // The wall clock may have been set back since: what is not due stays aside.
            for (event, outcome) in zip(job.events, job.outcomes)
            where outcome == .stored || outcome == .alreadyHeld {
                write.released.append(event.id)
            }
        default: break
        }
    }

    /// The write, its clock included, and the stream of secrets as it is now.
    consuming func finish() -> (
        write: LogWrite, cursors: [NodeID: Cursor], reports: [Report], secrets: Secrets
    ) {
        if clock != index.clock { write.clock = clock.last }
        return (write, cursors, reports, secrets)
    }

    private mutating func admit(_ event: Event, from job: Job) -> Outcome {
        let header = event.header
        guard event.bodyMatches else { return refuse(event.id, .badBody, job.sender) }
        guard header.scope.isEmpty else { return refuse(event.id, .unknownScope, job.sender) }
        if fresh.contains(event.id) || index.contains(event) {
            if let body = event.body { fill(event.id, body) }
            return .alreadyHeld
        }
        if let refusal = membership.refusal(of: header, event.id) {
            if membership.isUnknown(header.origin) {
                return setAside(event, from: job, or: refusal)
            }
            let isContest =
                membership.contests(event) && contests.insert(header.origin).inserted
            if isContest { findings.append(.contested(header.origin, event.id)) }
            guard membership.decides(event, isContest: isContest) else {
                return refuse(event.id, refusal, job.sender)
            }
        }
        if header.time.physical > (wall + Limits.clockAhead).microseconds {
            return setAside(event, from: job, or: .tooEarly)
        }
        insert(event, sender: job.sender ?? index.aside[event.id]?.sender)
        return .stored
    }

    /// Takes in a body that was missing.
    private mutating func fill(_ id: EventID, _ body: Body) {
        if index.missesBody(of: id) {
            write.bodies[id] = body
        } else if let place = bodiless.removeValue(forKey: id) {
            write.entries[place].event.body = body
        }
    }

    private mutating func insert(_ event: Event, sender: NodeID?) {
        let header = event.header
        let place = Place(origin: header.origin, sequence: header.sequence)
        let rival = places[place] ?? index.rival(of: event.id, header)
        if let rival, rival != event.id {
            let equivocation = Equivocation(
                origin: header.origin, scope: header.scope, sequence: header.sequence,
                first: rival, second: event.id)
            write.equivocations.append(equivocation)
            reports.append(.equivocation(equivocation))
        }
        if header.origin == key.node {
            if let sender { findings.append(.ownEventFromElsewhere(event.id, sender)) }
            if header.sequence >= own.sequence { own = (header.sequence + 1, event.id) }
        }
        if let link = link(of: header) { write.links[event.id] = link }
        position += 1
        // The first one stays, as it does in the chain.
        places[place] = rival ?? event.id
        fresh.insert(event.id)
        if event.body == nil { bodiless[event.id] = write.entries.count }
        clock.observe(header.time)
        write.entries.append(LogEntry(position: position, event: event, sender: sender))
    }

    /// `previous`, where it is not the id that stands before the event here.
    private func link(of header: Header) -> EventID? {
        guard let previous = header.previous else { return nil }
        let before = Place(origin: header.origin, sequence: header.sequence - 1)
        let held = places[before] ?? index.id(of: header.origin, at: before.sequence)
        return held == previous ? nil : previous
    }

    /// Keeps an event until it is due, or its origin admitted; `refusal` where there is no room.
    private mutating func setAside(
        _ event: Event, from job: Job, or refusal: RefusalCode
    ) -> Outcome {
        let header = event.header
        if index.aside[event.id] != nil || write.aside.contains(where: { $0.event.id == event.id })
        {
            return .setAside
        }
        let held =
            index.asideCounts[header.origin, default: 0] + asideCounts[header.origin, default: 0]
        guard header.time.physical <= (wall + Limits.asideAhead).microseconds,
            held < Limits.asidePerOrigin,
            index.aside.count + write.aside.count < Limits.asideEvents,
            index.asideBytes + asideBytes + event.wireSize <= Limits.asideBytes,
            // Strangers may not take all the room that honest clocks need.
            refusal == .tooEarly || index.strangers.count + strangers < Limits.asideEvents / 2
        else { return refuse(event.id, refusal, job.sender) }
        if refusal != .tooEarly { strangers += 1 }
        asideCounts[header.origin, default: 0] += 1
        asideBytes += event.wireSize
        write.aside.append(AsideEvent(event: event, sender: job.sender))
        return .setAside
    }

    private mutating func refuse(
        _ id: EventID, _ code: RefusalCode, _ sender: NodeID?
    ) -> Outcome {
        write.refused.append(
            RefusedEvent(
                id: id, sender: sender, reason: code.rawValue, time: wall.microseconds))
        reports.append(.refused(id, sender: sender, code))
        return .refused(code)
    }

    /// An append is stored whole or not at all: its entries are the last ones, so they can go.
    private mutating func takeBack(_ job: inout Job) {
        guard let first = job.made.first else { return }
        write.entries.removeLast(job.made.count)
        position = first.position - 1
        own = (first.event.header.sequence, first.event.header.previous)
        for entry in job.made {
            fresh.remove(entry.event.id)
            places[Place(origin: key.node, sequence: entry.event.header.sequence)] = nil
        }
        job.made = []
    }

    private mutating func make(_ draft: Draft, for job: inout Job) {
        guard !isOwnKeyOver else {
            job.refusal = Refusal(.revoked, "this node's key has ended")
            takeBack(&job)
            return
        }
        guard own.sequence <= Limits.integer else {
            job.refusal = Refusal(.cannotStore, "this key's chain is full: make a new node")
            takeBack(&job)
            return
        }
        let time: Timestamp
        do throws(ClockError) {
            time = try clock.tick(wall: wall)
        } catch {
            job.refusal = Refusal(.clockBehind, "\(error): correct this machine's clock")
            takeBack(&job)
            return
        }
        let body = Body(salt: secrets.draw(Limits.saltBytes), bytes: draft.body)
        let header = Header(
            origin: key.node, sequence: own.sequence, previous: own.previous, time: time,
            parents: draft.parents, author: draft.author, kind: draft.kind,
            bodyLength: draft.body.count, bodyHash: body.hash)
        let event = Event(signing: header, body: body, with: key)
        insert(event, sender: nil)
        isOwnKeyOver = Control(event)?.endsOwnKey ?? false
        if let entry = write.entries.last { job.made.append(entry) }
    }
}
