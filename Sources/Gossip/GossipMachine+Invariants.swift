import Core

/// What holds between any two inputs, whatever others send; tests and the simulator look.
extension GossipMachine {
    /// The rules that don't hold now, in words; empty as long as the machine is sound. O(neighbors
    /// x origins).
    public var brokenRules: [String] { brokenViews + brokenTrees + brokenBounds }

    private var brokenViews: [String] {
        var broken: [String] = []
        for (slot, name) in slots.enumerated() {
            guard let name else { continue }
            if links[name]?.phase != .neighbor(slot: slot) {
                broken.append("slot \(slot) is held by a link that is no neighbor's")
            }
        }
        for name in links.keys {
            if let slot = links[name]?.slot, slots[slot] != name {
                broken.append("a neighbor's slot \(slot) is another one's")
            }
        }
        for (node, name) in linkOf where links[name]?.node != node {
            broken.append("\(node.short) is reached over a link of somebody else")
        }
        let neighbors = slots.compactMap { $0.flatMap { links[$0]?.node } }
        if Set(neighbors).count != neighbors.count { broken.append("a neighbor has two slots") }
        if neighbors.contains(where: { passive.contains($0) }) {
            broken.append("a neighbor is in the passive view")
        }
        if neighbors.contains(node) || passive.contains(node) {
            broken.append("a node is its own neighbor")
        }
        return broken
    }

    private var brokenTrees: [String] {
        var occupied: UInt32 = 0
        for (slot, name) in slots.enumerated() where name != nil { occupied |= 1 << UInt32(slot) }
        var broken: [String] = []
        for tree in trees.values {
            if tree.lazy & ~occupied != 0 { broken.append("an empty slot is lazy") }
            if tree.parent >= 0, occupied & 1 << UInt32(tree.parent) == 0 {
                broken.append("a parent has no slot")
            }
        }
        return broken
    }

    private var brokenBounds: [String] {
        var broken: [String] = []
        func bound(_ name: String, _ count: Int, _ most: Int) {
            if count > most { broken.append("\(name): \(count), more than \(most)") }
        }
        bound(
            "neighbors", slots.count { $0 != nil },
            max(most, settings.activeView + GossipLimits.slack))
        bound("passive view", passive.count, settings.passiveView)
        bound("trees", trees.count, GossipLimits.origins)
        bound("missing events", missing.count, GossipLimits.missing)
        bound("dials", dials.count, GossipLimits.dials + GossipLimits.visitors)
        for link in links.values {
            bound("events missing from one", link.missing, GossipLimits.missingOfOne)
            bound("waiting bytes", link.outbox.bytes, Self.waitingBytes)
            bound("questions", link.questions, GossipLimits.questions)
        }
        return broken
    }

    /// What may wait for one neighbor: all its queues, full.
    private static var waitingBytes: Int {
        GossipLimits.payloadBytes + GossipLimits.bulkBytes + GossipLimits.frameBytes
            + GossipLimits.announcements * 9 + GossipLimits.controlFrames * 16
    }
}
