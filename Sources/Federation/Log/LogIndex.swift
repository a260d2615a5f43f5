import Core
import MerkleSearchTree

/// What a node knows about its durable log without reading it: the tree, the chains, what is
/// missing or set aside.
///
/// It changes only when a write is durable, so whatever is read from it may be acknowledged.
struct LogIndex: Sendable {
    let id: LogID
    private(set) var tree: MerkleSearchTree
    private(set) var chains: [ChainName: Chain] = [:]
    /// Events held that are not admitted, or no longer: they are in no root and not handed on.
    private(set) var hidden: Set<EventKey> = []
    private(set) var controls = Controls()
    private(set) var missingBodies: Set<EventID> = []
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
        tree = MerkleSearchTree()
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
            hidden.insert(place.key)
        }
        tree = MerkleSearchTree(
            sorted: hidden.isEmpty ? state.keys : state.keys.filter { !hidden.contains($0) })
        strangers = Set(
            aside.values.filter { membership.isUnknown($0.event.header.origin) }.map(\.event.id))
        findNextAside(membership)
    }

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

    /// The last event of an origin that counts here.
    func cut(of origin: NodeID, _ membership: Membership) -> Cut {
        if let cut = membership.extents[origin]?.cut { return cut }
        guard let chain = chains[ChainName(origin: origin, scope: [])], let last = chain[chain.last]
        else { return .nothing }
        return Cut(through: last.id, at: chain.last)
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
            if membership.admits(header.origin, header.sequence, event.id) {
                admitted.append(event.key)
            } else {
                hidden.insert(event.key)
            }
            if membership.extents[header.origin]?.cut != nil { changes = true }
            if let control = Control(event), controls.insert(control) { changes = true }
            if event.body == nil { missingBodies.insert(event.id) }
            lastPosition = max(lastPosition, entry.position)
            clock.observe(header.time)
        }
        tree.insert(contentsOf: admitted)
        for id in write.bodies.keys { missingBodies.remove(id) }
        for id in write.released {
            guard let event = aside.removeValue(forKey: id)?.event else { continue }
            asideCounts[event.header.origin, default: 1] -= 1
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
        for origin in old.changes(to: new) {
            chains[ChainName(origin: origin, scope: [])]?.forEach { sequence, key in
                let isAdmitted = new.admits(origin, sequence, key.id)
                if isAdmitted, hidden.remove(key) != nil {
                    entering.append(key)
                } else if !isAdmitted, tree.remove(key) {
                    hidden.insert(key)
                }
            }
        }
        tree.insert(contentsOf: entering)
        findNextAside(new)
    }

    /// What of the tree a list of origins admits; a snapshot. O(what it leaves out), at most O(n).
    func tree(of list: [AdmittedOrigin], _ membership: Membership) -> MerkleSearchTree {
        var tree = tree
        let extents = Dictionary(list.map { ($0.origin, $0.extent) }) { a, _ in a }
        for (origin, extent) in membership.extents where extents[origin] != extent {
            guard let chain = chains[ChainName(origin: origin, scope: [])] else { continue }
            let reach = Reach(extents[origin] ?? .upTo(.nothing), chain)
            chain.forEach { sequence, key in
                if !reach.contains(sequence, key.id) { tree.remove(key) }
            }
        }
        return tree
    }

    /// How many events `tree(of:)` has to look at to leave some out.
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
