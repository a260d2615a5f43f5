import Core
import Synchronization

/// How much of something each peer has under way.
final class Tally: Sendable {
    private let limit: Int
    private let counts = Mutex<[NodeID: Int]>([:])

    /// `limit` is for each peer.
    init(limit: Int) { self.limit = limit }

    /// Counts one more, unless that is too many; each that was counted is to `leave`.
    func enter(_ node: NodeID) -> Bool {
        counts.withLock { counts in
            guard counts[node, default: 0] < limit else { return false }
            counts[node, default: 0] += 1
            return true
        }
    }

    func leave(_ node: NodeID) {
        counts.withLock { counts in
            let left = counts[node, default: 1] - 1
            counts[node] = left == 0 ? nil : left
        }
    }
}
