import Core
import Federation
import Gossip

/// How events get to everybody; in the order of the table.
///
/// Four hold sessions on a schedule that is the same for all of them, three act whenever something
/// happens. All are the engine that nodes run; push, flood and naive are settings that only the
/// simulator sets.
public enum SyncMethod: String, CaseIterable, Hashable, Sendable {
    /// Sessions: both send the full list of their 32-byte ids, then the missing events.
    case naive
    /// Sessions: each pulls the other's whole log.
    case pullAll = "pull-all"
    /// Sessions: each pulls what is new in the other's log since it last looked.
    case cursor
    /// Each node is registered with all others and pushes what it has written to each of them.
    case push
    /// Every node passes everything new on to all its neighbors.
    case flood
    /// Sessions: descent of the Merkle Search Tree.
    case mst
    /// What nodes do: broadcast trees among neighbors, and sessions of the tree now and then.
    case gossipMST = "gossip+mst"

    /// What `federate simulate` shows.
    public static let frontPage: [SyncMethod] = [
        .naive, .cursor, .push, .flood, .mst, .gossipMST,
    ]

    /// Whether it works by the schedule of sessions.
    var holdsSessions: Bool {
        switch self {
        case .naive, .pullAll, .cursor, .mst: true
        case .push, .flood, .gossipMST: false
        }
    }

    /// Whether it shows two nodes that they hold the same.
    public var proves: Bool {
        switch self {
        case .naive, .mst, .gossipMST: true
        case .pullAll, .cursor, .push, .flood: false
        }
    }

    /// Whether it can make logs equal that differ so: what only speaks of the new brings nothing
    /// old.
    public func isMeant(for divergence: Divergence) -> Bool {
        switch self {
        case .push, .flood: divergence != .emptyPeer
        default: true
        }
    }

    func settings(_ origins: Set<NodeID>) -> Settings {
        var settings = Settings(policy: Policy(origins: origins), isAutomatic: false)
        switch self {
        case .naive: settings.reconciler = NaiveReconciler()
        case .pullAll, .cursor, .mst: break
        case .push:
            settings.isAutomatic = true
            settings.pushesOnly = true
        case .flood: settings.gossip = GossipSettings(mode: .on, spread: .flood)
        case .gossipMST:
            settings.isAutomatic = true
            settings.gossip = GossipSettings(mode: .on)
        }
        return settings
    }

    /// What the two nodes of a session are told; the first one begins it. A pull brings events one
    /// way, so both pull.
    func orders(first: NodeID, second: NodeID) -> (first: Operation, second: Operation?) {
        switch self {
        case .naive, .mst, .push, .flood, .gossipMST: (.reconcile(second), nil)
        case .pullAll: (.pull(second, fromStart: true), .pull(first, fromStart: true))
        case .cursor: (.pull(second, fromStart: false), .pull(first, fromStart: false))
        }
    }
}
