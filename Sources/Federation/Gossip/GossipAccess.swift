import Core
import Gossip
import MerkleSearchTree

/// The log as the gossip layer sees it: only the parts of it that are asked for, because it is
/// handed over with every message.
struct GossipAccess: GossipLog {
    private let tree: MerkleSearchTree
    private let chains: [ChainName: Chain]
    private let hidden: Set<EventKey>
    private let missingBodies: Set<EventID>
    private let hiddenBodies: Set<EventID>
    private let aside: [EventID: AsideEvent]
    private let extents: [NodeID: Extent]

    init(index: LogIndex, membership: Membership) {
        tree = index.tree
        chains = index.chains
        hidden = index.hidden
        missingBodies = index.missingBodies
        hiddenBodies = index.hiddenBodies
        aside = index.aside
        extents = membership.extents
    }

    func holds(_ origin: NodeID, at sequence: UInt64) -> Bool {
        chains[ChainName(origin: origin, scope: [])]?[sequence] != nil
    }

    func holds(_ event: Event) -> Bool {
        if tree.contains(event.key) || hidden.contains(event.key) {
            let isBodiless =
                missingBodies.contains(event.id) || hiddenBodies.contains(event.id)
            if event.body == nil || !isBodiless { return true }
        }
        return aside[event.id]?.event.signature == event.signature
    }

    func admits(_ origin: NodeID, at sequence: UInt64) -> Bool {
        guard let extent = extents[origin] else { return false }
        return extent.cut.map { sequence <= $0.sequence } ?? true
    }

    func last(of origin: NodeID) -> UInt64 {
        chains[ChainName(origin: origin, scope: [])]?.last ?? 0
    }
}
