import Core
import Federation

/// How two nodes find and exchange what one of them lacks; in the order of the table.
public enum SyncMethod: String, CaseIterable, Hashable, Sendable {
    /// Both send the full list of their 32-byte ids, then the missing events.
    case naive
    /// Each pulls the other's whole log.
    case pullAll = "pull-all"
    /// Each pulls what is new in the other's log since it last looked.
    case cursor
    /// Descent of the Merkle Search Tree.
    case mst

    /// What the engines of this method's run find differences with.
    var reconciler: any Reconciler {
        self == .naive ? NaiveReconciler() : TreeReconciler()
    }

    /// What the two nodes of a session are told; the first one begins it. A pull brings events one
    /// way, so both pull.
    func orders(first: NodeID, second: NodeID) -> (first: Operation, second: Operation?) {
        switch self {
        case .naive, .mst: (.reconcile(second), nil)
        case .pullAll: (.pull(second, fromStart: true), .pull(first, fromStart: true))
        case .cursor: (.pull(second, fromStart: false), .pull(first, fromStart: false))
        }
    }
}
