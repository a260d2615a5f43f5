import Core
import Gossip

/// The log as the gossip layer sees it.
struct GossipAccess: GossipLog {
    let index: LogIndex
    let membership: Membership

    func holds(_ origin: NodeID, at sequence: UInt64) -> Bool {
        index.id(of: origin, at: sequence) != nil
    }

    func holds(_ event: Event) -> Bool {
        (index.contains(event) && !(event.body != nil && index.missesBody(of: event.id)))
            || index.aside[event.id]?.event.signature == event.signature
    }

    func admits(_ origin: NodeID, at sequence: UInt64) -> Bool {
        guard let extent = membership.extents[origin] else { return false }
        return extent.cut.map { sequence <= $0.sequence } ?? true
    }

    func last(of origin: NodeID) -> UInt64 { index.end(of: origin, scope: []).sequence - 1 }
}
