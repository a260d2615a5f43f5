import Core
import MerkleSearchTree

/// What a node knows about its durable log without reading it: the tree, the chains, what is
/// missing or set aside.
///
/// It changes only when a write is durable, so whatever is read from it may be acknowledged.
struct LogIndex: Sendable {
    let id: LogID
    /// The tree of what is admitted, with what sessions need beside it.
    private(set) var sets: ReconcileIndex
    private(set) var chains: [ChainName: Chain] = [:]
    /// Events held that are not admitted, or no longer: they are in no root and not handed on.
    private(set) var hidden: Set<EventKey> = []
    private(set) var controls = Controls()
    /// Admitted events held without their body; and those that are not admitted, whose bodies
    /// nobody would hand out.
    private(set) var missingBodies: Set<EventID> = []
    private(set) var hiddenBodies: Set<EventID> = []
    private(set) var aside: [EventID: AsideEvent] = [:]
    private(set) var asideCounts: [NodeID: Int] = [:]
    private(set) var asideBytes = 0
    /// How many of those set aside wait for a voucher, not for their time, when they came.
    private(set) var strangers: Set<EventID> = []
    /// When the next event that was set aside is due, in microseconds since 1970.
    private(set) var nextAside: UInt64?
    private(set) var lastPosition: UInt64
    private(set) var equivocations: Set<Equivocation> = []
    var clock: HybridLogicalClock

    init(_ state: LogState) {
        id = state.id
        sets = ReconcileIndex(epochs: [])
        lastPosition = state.lastPosition
        clock = HybridLogicalClock(last: state.clock)
        missingBodies = Set(state.missingBodies)
        equivocations = Set(state.equivocations)
        for place in state.places {
            let name = ChainName(origin: place.origin, scope: place.scope)
            chains[name, default: Chain()].insert(
                place.key, at: place.sequence, link: state.links[place.key.id])
        }
        for event in state.controls { if let control = Control(event) { controls.insert(control) } }
        for event in state.aside { setAside(event) }
    }

    /// Builds the tree of what is admitted. `keys` and `places` are the log's.
    mutating func plant(_ state: LogState, _ membership: Membership) {
        for place in state.places
        where !membership.admits(place.origin, place.sequence, place.key.id) {
            hide(place.key)
        }
        sets = .unprepared(
            MerkleSearchTree(
                sorted: hidden.isEmpty ? state.keys : state.keys.filter { !hidden.contains($0) }))
        strangers = Set(
            aside.values.filter { membership.isUnknown($0.event.header.origin) }.map(\.event.id))
        findNextAside(membership)
    }

    var tree: MerkleSearchTree { sets.tree }
    var root: Digest { tree.root }

    /// Whether the event is durable here, admitted or not.
    func contains(_ event: Event) -> Bool {
        tree.contains(event.key) || hidden.contains(event.key)
    }

    /// The id at the place of `header`, if it is another than `id`.
    func rival(of id: EventID, _ header: Header) -> EventID? {
        let name = ChainName(origin: header.origin, scope: header.scope)
        guard let held = chains[name]?[header.sequence]?.id, held != id else { return nil }
        return held
    }

    /// The event that stands at a place, the first one that came.
    func id(of origin: NodeID, at sequence: UInt64) -> EventID? {
        chains[ChainName(origin: origin, scope: [])]?[sequence]?.id
    }

    /// Where the next event of `origin` stands: its sequence, and the id before it.
    func end(of origin: NodeID, scope: [UInt8]) -> (sequence: UInt64, previous: EventID?) {
        let chain = chains[ChainName(origin: origin, scope: scope)]
        let last = chain?.last ?? 0
        return (last + 1, last == 0 ? nil : chain?[last]?.id)
    }

    /// The last event of an origin that counts here and follows from its first one; nothing of an
    /// origin that is not admitted.
    func cut(of origin: NodeID, _ membership: Membership) -> Cut {
        guard let extent = membership.extents[origin] else { return .nothing }
        return extent.cut ?? chains[ChainName(origin: origin, scope: [])]?.connectedEnd ?? .nothing
    }

    /// Takes over what `write` made durable. Says whether it may change who is admitted.
    mutating func apply(_ write: LogWrite, _ membership: Membership) -> Bool {
        var changes = false
        var admitted: [EventKey] = []
        for entry in write.entries {
            let event = entry.event
            let header = event.header
            let name = ChainName(origin: header.origin, scope: header.scope)
            chains[name, default: Chain()].insert(
                event.key, at: header.sequence, link: write.links[event.id])
            if event.body == nil { missingBodies.insert(event.id) }
            if membership.admits(header.origin, header.sequence, event.id) {
                admitted.append(event.key)
            } else {
                hide(event.key)
            }
            if membership.extents[header.origin]?.cut != nil { changes = true }
            if let control = Control(event), controls.insert(control) { changes = true }
            lastPosition = max(lastPosition, entry.position)
            clock.observe(header.time)
        }
        sets.insert(contentsOf: admitted)
        for id in write.bodies.keys {
            missingBodies.remove(id)
            hiddenBodies.remove(id)
        }
        for id in write.released {
            guard let event = aside.removeValue(forKey: id)?.event else { continue }
            let left = asideCounts[event.header.origin, default: 1] - 1
            asideCounts[event.header.origin] = left > 0 ? left : nil
            asideBytes -= event.wireSize
            strangers.remove(id)
        }
        for event in write.aside {
            setAside(event)
            if membership.isUnknown(event.event.header.origin) { strangers.insert(event.event.id) }
        }
        equivocations.formUnion(write.equivocations)
        if !write.aside.isEmpty || !write.released.isEmpty { findNextAside(membership) }
        return changes
    }

    /// Takes in a statement whose body came later than its header.
    mutating func add(_ control: Control) -> Bool { controls.insert(control) }

    /// Moves events in and out of the tree where the two decide differently.
    mutating func sift(from old: Membership, to new: Membership) {
        var entering: [EventKey] = []
        var leaving: Set<EventKey> = []
        for origin in old.changes(to: new) {
            chains[ChainName(origin: origin, scope: [])]?.forEach { sequence, key in
                let isAdmitted = new.admits(origin, sequence, key.id)
                if isAdmitted == hidden.contains(key) {
                    if isAdmitted { entering.append(key) } else { leaving.insert(key) }
                }
            }
        }
        for key in entering { show(key) }
        for key in leaving { hide(key) }
        sets.remove(contentsOf: leaving)
        sets.insert(contentsOf: entering)
        findNextAside(new)
    }

    private mutating func hide(_ key: EventKey) {
        hidden.insert(key)
        if missingBodies.remove(key.id) != nil { hiddenBodies.insert(key.id) }
    }

    private mutating func show(_ key: EventKey) {
        hidden.remove(key)
        if hiddenBodies.remove(key.id) != nil { missingBodies.insert(key.id) }
    }

    /// Whether the event is held without its body.
    func missesBody(of id: EventID) -> Bool {
        missingBodies.contains(id) || hiddenBodies.contains(id)
    }

    /// See `ReconcileIndex.setEpochs` and `prepare`.
    mutating func setEpochs(_ epochs: [UInt64]) { sets.setEpochs(epochs) }
    mutating func prepareSketch(_ epoch: UInt64, keys: Int) -> Bool {
        sets.prepare(epoch, keys: keys)
    }

    /// What a list of origins admits; a snapshot. O(what it leaves out).
    func sets(of list: [AdmittedOrigin], _ membership: Membership) -> ReconcileIndex {
        var leaving: Set<EventKey> = []
        let extents = Dictionary(list.map { ($0.origin, $0.extent) }) { a, _ in a }
        for (origin, extent) in membership.extents where extents[origin] != extent {
            guard let chain = chains[ChainName(origin: origin, scope: [])] else { continue }
            let reach = Reach(extents[origin] ?? .upTo(.nothing), chain)
            chain.forEach { sequence, key in
                if !reach.contains(sequence, key.id) { leaving.insert(key) }
            }
        }
        return leaving.isEmpty ? sets : sets.subtracting(leaving)
    }

    /// How many events `sets(of:)` has to look at to leave some out.
    func count(without list: [AdmittedOrigin], _ membership: Membership) -> Int {
        let extents = Dictionary(list.map { ($0.origin, $0.extent) }) { a, _ in a }
        return membership.extents.reduce(0) { sum, line in
            guard extents[line.key] != line.value else { return sum }
            return sum + (chains[ChainName(origin: line.key, scope: [])]?.count ?? 0)
        }
    }

    /// Events set aside whose time has come and whose origin is admitted, in the tree's order.
    func due(at wall: WallTime, _ membership: Membership) -> [AsideEvent] {
        let limit = wall + Limits.clockAhead
        guard let nextAside, nextAside <= limit.microseconds else { return [] }
        return aside.values.filter { aside in
            aside.event.header.time.physical <= limit.microseconds
                && membership.refusal(of: aside.event.header, aside.event.id) == nil
        }.sorted { $0.event.key < $1.event.key }
    }

    /// What was set aside of origins that are turned away by now, ascending: it holds the room of
    /// others.
    func turnedAway(_ membership: Membership) -> [EventID] {
        aside.values.map(\.event).filter { event in
            !membership.isUnknown(event.header.origin)
                && membership.refusal(of: event.header, event.id) != nil
        }.map(\.id).sorted()
    }

    /// What waits for a voucher and came from `sender`, ascending.
    func strangers(from sender: NodeID) -> [EventID] {
        strangers.filter { aside[$0]?.sender == sender }.sorted()
    }

    private mutating func setAside(_ event: AsideEvent) {
        guard aside.updateValue(event, forKey: event.event.id) == nil else { return }
        asideCounts[event.event.header.origin, default: 0] += 1
        asideBytes += event.event.wireSize
    }

    private mutating func findNextAside(_ membership: Membership) {
        nextAside =
            aside.values.map(\.event).filter { membership.refusal(of: $0.header, $0.id) == nil }
            .map(\.header.time.physical).min()
    }
}
