import Synchronization

/// Lets one task wait until another thread has something for it; a raise that nobody waits for is
/// kept.
///
/// `AsyncStream<Void>` would end for ever when a wait is cancelled; this may be waited for again.
final class WakeUp: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func raise() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isRaised = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns once raised, or when the task is cancelled; so look whether there is anything. For
    /// one task at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRaised = state.withLock { state in
                    precondition(state.waiter == nil, "two tasks wait where one may")
                    if !state.isRaised { state.waiter = continuation }
                    defer { state.isRaised = false }
                    return state.isRaised
                }
                if isRaised { continuation.resume() }
            }
        } onCancel: {
            raise()
        }
    }
}
