import Core
import ServiceLifecycle
import Synchronization

/// What `run()` knows, for anybody to look at, and for one reader to be told of.
///
/// It keeps no queue of changes but the truth and what the reader was told of it, so its size is
/// bounded by the candidates however slow the reader is, and no removal can be lost.
final class DiscoveryFeed: Sendable {
    fileprivate struct State {
        var present = DiscoverySnapshot(state: .stopped)
        var candidates: [NodeID: Candidate] = [:]
        var told: [NodeID: Candidate] = [:]
        /// Nodes about which the reader may know something old, in order of their first change.
        var news: [NodeID] = []
        var hasNewState = false
    }

    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    var snapshot: DiscoverySnapshot {
        state.withLock { state in
            var snapshot = state.present
            snapshot.candidates = state.candidates.values.sorted { $0.node < $1.node }
            return snapshot
        }
    }

    func apply(_ change: DiscoveryChange) {
        state.withLock { state in
            switch change {
            case .appeared(let candidate), .changed(let candidate):
                state.set(candidate, for: candidate.node)
            case .vanished(let node): state.set(nil, for: node)
            case .state(let new):
                state.present.state = new
                state.hasNewState = true
            }
        }
        wakeUp.raise()
    }

    /// Returns how often this has happened.
    func count(_ refusal: Refusal) -> Int {
        state.withLock { state in
            state.present.refusals[refusal, default: 0] += 1
            return state.present.refusals[refusal, default: 0]
        }
    }

    /// The next thing that the reader does not know; nil when its task is cancelled, or when its
    /// service is to shut down and nothing is left to tell.
    func next() async -> DiscoveryChange? {
        while !Task.isCancelled {
            if let change = state.withLock({ $0.takeNews() }) { return change }
            if Task.isShuttingDownGracefully { return nil }
            await withGracefulShutdownHandler {
                await wakeUp.wait()
            } onGracefulShutdown: {
                self.wakeUp.raise()
            }
        }
        return nil
    }
}

extension DiscoveryFeed.State {
    fileprivate mutating func set(_ candidate: Candidate?, for node: NodeID) {
        candidates[node] = candidate
        if !news.contains(node) { news.append(node) }
    }

    fileprivate mutating func takeNews() -> DiscoveryChange? {
        if hasNewState {
            hasNewState = false
            return .state(present.state)
        }
        while !news.isEmpty {
            let node = news.removeFirst()
            let (old, new) = (told[node], candidates[node])
            told[node] = new
            switch (old, new) {
            case (nil, let new?): return .appeared(new)
            case (_?, nil): return .vanished(node)
            case (let old?, let new?) where old != new: return .changed(new)
            default: continue
            }
        }
        return nil
    }
}
