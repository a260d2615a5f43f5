import Core
import Federation
import MerkleSearchTree

/// A way to find the difference of two logs; in the order of the table.
public enum CompareMethod: String, CaseIterable, Hashable, Sendable {
    /// Spine, lists, sketches, the descent behind them: what nodes use.
    case ours = "mst"
    /// Splitting and comparing ranges of the tree alone.
    case descent
    /// A sketch of the whole sets alone.
    case sketch
    /// Pulling the tree's pages level by level, as the tree's paper has it.
    case pages
    /// What is new in the other's log, by its own count.
    case cursor
    /// Both lists of ids.
    case naive

    /// What it can't do.
    public var remark: String {
        switch self {
        case .cursor: "no proof; needs a remembered place; events come again by other ways"
        case .pages: "whole pages both ways"
        default: ""
        }
    }

    /// The machines that speak; nil for what is counted on the trees themselves.
    var reconciler: (any Reconciler)? {
        switch self {
        case .ours: TreeReconciler()
        case .descent: TreeReconciler(limits: ReconcileLimits(ways: .descent))
        case .sketch: TreeReconciler(limits: ReconcileLimits(ways: .sketch))
        case .naive: NaiveReconciler()
        case .pages, .cursor: nil
        }
    }
}
