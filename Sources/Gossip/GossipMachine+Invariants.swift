import Core

/// What holds between any two inputs, whatever others send; tests and the simulator look.
extension GossipMachine {
    /// The rules that don't hold now, in words; empty as long as the machine is sound. O(neighbors
    /// x origins).
    public var brokenRules: [String] {
        brokenViews + brokenTrees + brokenBounds + brokenCounts + brokenTimers
    }

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
        bound("dials", dials.count, GossipLimits.dials)
        for link in links.values {
            bound("events missing from one", link.missing, GossipLimits.missingOfOne)
            bound("rows", link.rows.count, GossipLimits.rows)
            bound("waiting bytes", link.outbox.bytes, Self.waitingBytes)
            bound("questions", link.questions, GossipLimits.questions)
        }
        return broken
    }

    /// What may wait for one neighbor: all its queues, full.
    private static var waitingBytes: Int {
        GossipLimits.payloadBytes + GossipLimits.bulkBytes + GossipLimits.frameBytes
            + (GossipLimits.announcements + GossipLimits.missingOfOne * 2) * Outbox.entryBytes
            + GossipLimits.origins * 32 + GossipLimits.controlFrames * longestControlFrame
    }

    /// A shuffle that names as many as it may.
    private static var longestControlFrame: Int { GossipLimits.shuffled * 34 + 8 }

    private var brokenCounts: [String] {
        var broken: [String] = []
        var firsts: [LinkName: Int] = [:]
        var weights: [LinkName: Int] = [:]
        for entry in missing.values {
            guard let first = entry.announcers.first else {
                broken.append("a missing event has no announcer")
                continue
            }
            firsts[first.link, default: 0] += 1
            weights[first.link, default: 0] += entry.weight
        }
        for link in links.values {
            if link.missing != firsts[link.name, default: 0] {
                broken.append("events missing from one are miscounted")
            }
            if link.taken != weights[link.name, default: 0] {
                broken.append("a neighbor's window is miscounted")
            }
            if link.questions < 0 { broken.append("questions are fewer than none") }
        }
        if comingPlaces.values.reduce(0, +) != coming.count {
            broken.append("events on their way are miscounted")
        }
        return broken
    }

    /// What is to happen later has a timer.
    private var brokenTimers: [String] {
        var broken: [String] = []
        if settings.mode == .off,
            !dials.isEmpty || links.values.contains(where: { $0.carriesMessages })
        {
            broken.append("a node that is off has neighbors")
        }
        guard !isOver else { return broken }
        func rule(_ name: String, _ timer: Instant?, isNeeded: Bool) {
            if isNeeded, timer == nil { broken.append("no timer for \(name)") }
        }
        rule("missing events", timers.missing, isNeeded: !missing.isEmpty)
        let hasMore = links.values.contains { !$0.rows.isEmpty && $0.hasWindow }
        rule("rows", timers.missing, isNeeded: hasMore)
        rule("links", timers.tick, isNeeded: !links.isEmpty || !dials.isEmpty)
        rule("the next session", timers.reconcile, isNeeded: isOn)
        rule("the next visit", timers.redial, isNeeded: isOn)
        rule("the next shuffle", timers.shuffle, isNeeded: isOn)
        rule("the next rotation", timers.rotate, isNeeded: isOn)
        let waits = links.values.contains {
            $0.slot != nil && !$0.isWriting && !$0.outbox.isEmpty && !$0.mayAnnounce
        }
        rule("announcements", timers.announce, isNeeded: waits)
        return broken
    }
}
