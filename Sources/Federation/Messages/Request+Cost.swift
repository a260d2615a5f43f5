import Core
import MerkleSearchTree

extension Request {
    /// Bytes that the request brings, or orders as an answer where those are more: what its sender
    /// pays for.
    var cost: Int {
        switch self {
        case .push(let batch): batch.events.reduce(0) { $0 + $1.wireSize }
        case .pull, .stream, .bodies: MessageLimits.pageBytes / 8
        case .fetch(_, let want):
            max(
                MessageLimits.pageBytes / 8,
                want.isEmpty ? 0 : ReconcileResponder.work(orderedBy: want))
        case .reconcile(_, _, let message):
            max(message.count, ReconcileResponder.work(orderedBy: message))
        case .admissions(_, let list): 4096 + list.count * 80
        case .introduce, .confirm, .status, .ownRecord, .leave: 1024
        }
    }
}
