/// Words of the last few thousand events, the oldest forgotten first: which slots' neighbors are
/// known to have an event, by a short name of its place or id.
struct RecentTable: Sendable {
    private var masks: [UInt64: UInt32] = [:]
    private var ring: [UInt64] = []
    private var next = 0

    /// 0 for what is not known.
    subscript(name: UInt64) -> UInt32 { masks[name] ?? 0 }

    func contains(_ name: UInt64) -> Bool { masks[name] != nil }

    /// Adds slots to a name.
    mutating func add(_ mask: UInt32, to name: UInt64) {
        if let known = masks[name] {
            masks[name] = known | mask
            return
        }
        masks[name] = mask
        if ring.count < GossipLimits.recent {
            ring.append(name)
        } else {
            masks[ring[next]] = nil
            ring[next] = name
            next = (next + 1) % GossipLimits.recent
        }
    }

    /// Takes a slot from a name; false where it has none.
    mutating func remove(_ slot: Int, from name: UInt64) -> Bool {
        let bit: UInt32 = 1 << UInt32(slot)
        guard let mask = masks[name], mask & bit != 0 else { return false }
        masks[name] = mask & ~bit
        return true
    }

    /// Forgets what is known of a slot's neighbor.
    mutating func vacate(_ slot: Int) {
        let keep: UInt32 = ~(1 << UInt32(slot))
        for name in ring { masks[name]? &= keep }
    }
}
