public import Core

/// How things stand, for those who watch.
public struct GossipStanding: Hashable, Sendable {
    /// One neighbor.
    public struct Neighbor: Hashable, Sendable {
        public var node: NodeID
        /// Whether we dialled.
        public var isOutbound: Bool
        /// Whether it is only told of events, because it reads too slowly.
        public var isDegraded: Bool
        /// Nil before it was measured.
        public var roundTrip: Duration?
        public var queuedBytes: Int
        /// Origins whose events it is sent unasked, of those whose tree is known; of the others it
        /// is told.
        public var eagerOrigins: Int
        /// Origins whose events it hands to us.
        public var parentOf: Int
        public var tally: LinkTally
    }

    public var mode: GossipSettings.Mode
    /// Whether views are kept now.
    public var isOn: Bool
    /// Neighbors aimed at.
    public var target: Int
    /// By slot.
    public var neighbors: [Neighbor]
    /// Peers lately alive, the newest last.
    public var passive: [NodeID]
    /// Links open for a visit.
    public var visits: Int
    /// Origins whose tree is known.
    public var origins: Int
    /// Events announced that have not come.
    public var missing: Int
    /// All links since the start.
    public var tally: LinkTally
    /// Links that have ended since the start.
    public var endings: LinkEndings
}

extension GossipMachine {
    /// How things stand. O(neighbors x origins).
    public var standing: GossipStanding {
        var neighbors: [GossipStanding.Neighbor] = []
        for (slot, name) in slots.enumerated() {
            guard let name, let link = links[name] else { continue }
            neighbors.append(
                GossipStanding.Neighbor(
                    node: link.node, isOutbound: name.isOurs, isDegraded: link.isDegraded,
                    roundTrip: link.roundTrip, queuedBytes: link.outbox.bytes,
                    eagerOrigins: trees.values.count { !$0.isLazy(slot) },
                    parentOf: trees.values.count { Int($0.parent) == slot }, tally: link.tally))
        }
        return GossipStanding(
            mode: settings.mode, isOn: isOn, target: target, neighbors: neighbors,
            passive: passive, visits: links.keys.count { links[$0]?.phase == .visit },
            origins: trees.count, missing: missing.count, tally: tally, endings: endings)
    }
}
