import Synchronization

/// The one queue between Avahi's thread and `run()`, bounded by `DiscoveryLimits.inboxEvents`.
///
/// Overflow policy: everything that waits gives way to one `overflowed`, after which the LAN is
/// seen afresh. To drop the newest or the oldest would lose removals, and with them the truth.
final class Inbox: Sendable {
    private struct State {
        var events: [AvahiEvent] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    /// Never blocks for longer than an append; called from Avahi's thread.
    func post(_ event: AvahiEvent) {
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.events.count >= DiscoveryLimits.inboxEvents { state.events = [.overflowed] }
            state.events.append(event)
        }
        wakeUp.raise()
    }

    /// Ends `next`, whatever still waits.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.raise()
    }

    /// All that has come, in order, once something has come or `deadline` has passed; possibly
    /// nothing. Nil when closed.
    func next(until deadline: ContinuousClock.Instant?) async -> [AvahiEvent]? {
        // A close is for ever, while its wake-up serves one wait.
        if state.withLock({ $0.isClosed }) { return nil }
        if let deadline {
            await withTaskGroup { group in
                group.addTask { await self.wakeUp.wait() }
                group.addTask {
                    // A cancelled sleep means that the other child won, or that run() is to end.
                    do { try await Task.sleep(until: deadline, clock: .continuous) } catch {}
                }
                await group.next()
                group.cancelAll()
            }
        } else {
            await wakeUp.wait()
        }
        return state.withLock { state in
            defer { state.events = [] }
            return state.isClosed ? nil : state.events
        }
    }
}
