import Federation
import FederationAPI
import Synchronization

/// Carries pages from the engine to one HTTP response, one at a time.
final class PageChannel: PageSource {
    private let state = Mutex(State())
    /// Called before each wait for a further page: the one before is with the network.
    private let onDrained: @Sendable () async -> Void
    private let onAbandoned: @Sendable () async -> Void

    private struct State {
        var ready: Page?
        var waiting: CheckedContinuation<Page?, Never>?
        var hasDelivered = false
        var isOver = false
        var refusal: Refusal?
    }

    init(
        onDrained: @escaping @Sendable () async -> Void,
        onAbandoned: @escaping @Sendable () async -> Void
    ) {
        self.onDrained = onDrained
        self.onAbandoned = onAbandoned
    }

    /// Waits for the first page or the refusal of the stream.
    func begin() async throws(Refusal) {
        let page = await take()
        if let page {
            state.withLock { $0.ready = page }
        } else if let refusal = state.withLock({ $0.refusal }) {
            throw refusal
        }
    }

    func next() async -> Page? {
        let ready = state.withLock { state in
            defer { state.ready = nil }
            return state.ready
        }
        if let ready {
            state.withLock { $0.hasDelivered = true }
            return ready
        }
        if state.withLock({ $0.hasDelivered }) { await onDrained() }
        let page = await take()
        if page == nil { await onAbandoned() }
        return page
    }

    func put(_ page: Page) {
        let waiting = state.withLock { state -> CheckedContinuation<Page?, Never>? in
            guard let waiting = state.waiting else {
                state.ready = page
                return nil
            }
            state.waiting = nil
            state.hasDelivered = true
            return waiting
        }
        waiting?.resume(returning: page)
    }

    /// Ends the channel; whoever waits gets nil.
    func end(_ refusal: Refusal?) {
        let waiting = state.withLock { state in
            state.isOver = true
            state.refusal = refusal
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: nil)
    }

    private func take() async -> Page? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now: Page?? = state.withLock { state in
                    if let ready = state.ready {
                        state.ready = nil
                        return .some(ready)
                    }
                    if state.isOver { return .some(nil) }
                    state.waiting = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            end(nil)
        }
    }
}
