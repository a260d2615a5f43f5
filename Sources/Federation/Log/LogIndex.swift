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
    private(set) var missingBodies: Set<EventID> = []
    private(set) var aside: [EventID: AsideEvent] = [:]
    private(set) var asideCounts: [NodeID: Int] = [:]
    private(set) var asideBytes = 0
    /// When the next event that was set aside is due, in microseconds since 1970.
    private(set) var nextAside: UInt64?
    private(set) var lastPosition: UInt64
    private(set) var equivocations: Set<Equivocation> = []
    var clock: HybridLogicalClock

    init(_ state: LogState) {
        id = state.id
        tree = MerkleSearchTree(sorted: state.keys)
        lastPosition = state.lastPosition
        clock = HybridLogicalClock(last: state.clock)
        missingBodies = Set(state.missingBodies)
        equivocations = Set(state.equivocations)
        for place in state.places {
            let name = ChainName(origin: place.origin, scope: place.scope)
            chains[name, default: Chain()].insert(place.id, at: place.sequence)
        }
        for event in state.aside { setAside(event) }
        findNextAside()
    }

    var root: Digest { tree.root }

    func contains(_ event: Event) -> Bool { tree.contains(event.key) }

    /// The id at the place of `header`, if it is another than `id`.
    func rival(of id: EventID, _ header: Header) -> EventID? {
        let name = ChainName(origin: header.origin, scope: header.scope)
        guard let held = chains[name]?[header.sequence], held != id else { return nil }
        return held
    }

    /// Where the next event of `origin` stands: its sequence, and the id before it.
    func end(of origin: NodeID, scope: [UInt8]) -> (sequence: UInt64, previous: EventID?) {
        let chain = chains[ChainName(origin: origin, scope: scope)]
        let last = chain?.last ?? 0
        return (last + 1, last == 0 ? nil : chain?[last])
    }

    /// Takes over what `write` made durable.
    mutating func apply(_ write: LogWrite) {
        tree.insert(contentsOf: write.entries.map(\.event.key))
        for entry in write.entries {
            let header = entry.event.header
            let name = ChainName(origin: header.origin, scope: header.scope)
            chains[name, default: Chain()].insert(entry.event.id, at: header.sequence)
            if entry.event.body == nil { missingBodies.insert(entry.event.id) }
            lastPosition = max(lastPosition, entry.position)
            clock.observe(header.time)
        }
        for id in write.bodies.keys { missingBodies.remove(id) }
        for id in write.released {
            guard let event = aside.removeValue(forKey: id)?.event else { continue }
            asideCounts[event.header.origin, default: 1] -= 1
            asideBytes -= event.wireSize
        }
        for event in write.aside { setAside(event) }
        equivocations.formUnion(write.equivocations)
        if !write.aside.isEmpty || !write.released.isEmpty { findNextAside() }
    }

    /// Events set aside whose time has come, in the tree's order.
    func due(at wall: WallTime) -> [AsideEvent] {
        let limit = wall + Limits.clockAhead
        guard let nextAside, nextAside <= limit.microseconds else { return [] }
        return aside.values.filter { $0.event.header.time.physical <= limit.microseconds }
            .sorted { $0.event.key < $1.event.key }
    }

    private mutating func setAside(_ event: AsideEvent) {
        guard aside.updateValue(event, forKey: event.event.id) == nil else { return }
        asideCounts[event.event.header.origin, default: 0] += 1
        asideBytes += event.event.wireSize
    }

    private mutating func findNextAside() {
        nextAside = aside.values.map(\.event.header.time.physical).min()
    }
}
