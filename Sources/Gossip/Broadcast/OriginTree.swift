import Core

/// The tree of one origin, as far as this node sees it: who hands its events to us, and to whom we
/// hand them (Leitao, Pereira, Rodrigues: Epidemic Broadcast Trees, SRDS 2007, section 3; there one
/// tree serves all origins).
struct OriginTree: Hashable, Sendable {
    /// A bit for each slot whose neighbor is only told; the others are sent the events.
    var lazy: UInt32 = 0
    /// Slots whose neighbor was asked lately not to send unasked.
    var pruned: UInt32 = 0
    var prunedAt = Instant.zero
    /// Who handed over the last event first; -1 for nobody.
    var parent: Int8 = -1
    /// Who told of it first, beside the parent.
    var runnerUp: Int8 = -1
    /// When a faster way was last chosen.
    var preferredAt = Instant(microseconds: .min / 2)
    var usedAt: Instant

    init(at now: Instant) { usedAt = now }

    func isLazy(_ slot: Int) -> Bool { lazy & 1 << UInt32(slot) != 0 }
    mutating func setLazy(_ slot: Int) { lazy |= 1 << UInt32(slot) }
    mutating func setEager(_ slot: Int) {
        lazy &= ~(1 << UInt32(slot))
        pruned &= ~(1 << UInt32(slot))
    }

    /// Whether the neighbor is to be told to stop; seldom for the same one.
    mutating func shouldPrune(_ slot: Int, at now: Instant) -> Bool {
        if now - prunedAt >= GossipLimits.pruneEvery {
            pruned = 0
            prunedAt = now
        }
        let bit: UInt32 = 1 << UInt32(slot)
        guard pruned & bit == 0 else { return false }
        pruned |= bit
        return true
    }

    /// Forgets a slot's neighbor; true where it was the parent.
    mutating func vacate(_ slot: Int) -> Bool {
        setEager(slot)
        if Int(runnerUp) == slot { runnerUp = -1 }
        return loseParent(slot)
    }

    /// Forgets who handed over the last event, where it is this slot's neighbor; false where not.
    mutating func loseParent(_ slot: Int) -> Bool {
        guard Int(parent) == slot else { return false }
        parent = -1
        return true
    }
}
