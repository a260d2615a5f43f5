import Core
import Federation

/// A process that is stopped: what concerns it waits.
extension Simulation {
    mutating func pause(_ index: Int) {
        nodes[index].isPaused = true
        pausedNodes += 1
    }

    mutating func resume(_ index: Int) {
        unpause(index)
        // Timers that passed meanwhile fire after what came first.
        nodes[index].wakeAt = nil
        heap.push(.handed(index, life: nodes[index].life, []), at: now)
    }

    /// Ends a pause, for good or because the process ends: what waited is looked at now, in order.
    mutating func unpause(_ index: Int) {
        guard nodes[index].isPaused else { return }
        nodes[index].isPaused = false
        pausedNodes -= 1
        for happening in nodes[index].held { heap.push(happening, at: now) }
        nodes[index].held = []
    }

    /// Keeps back what a paused node would handle; says whether it did.
    mutating func holdsBack(_ happening: Happening) -> Bool {
        guard let index = handler(of: happening), nodes[index].isPaused else { return false }
        hold(happening, for: index)
        return true
    }

    mutating func hold(_ happening: Happening, for index: Int) {
        // The kernel accepts the connection; nobody answers the handshake.
        if case .dialled(let pipe) = happening {
            heap.push(.dialExpired(pipe), at: now + options.link.timeout)
        }
        nodes[index].held.append(happening)
        nodes[index].traffic.pauseHighWater = max(
            nodes[index].traffic.pauseHighWater, nodes[index].held.count)
    }

    /// The node whose process handles this; nil where it is none's.
    private func handler(of happening: Happening) -> Int? {
        switch happening {
        case .request(let call, _): calls[call]?.callee
        case .answer(let call, _), .failed(let call, _), .ended(let call, _), .pump(let call):
            calls[call]?.caller
        case .abandoned(_, let node): node
        case .dialled(let pipe): pipes[pipe]?[.acceptor].node
        case .opened(let pipe): pipes[pipe]?[.dialler].node
        case .chunk(let pipe, let end, _), .unlinked(let pipe, let end): pipes[pipe]?[end].node
        case .dialFailed(let node, _, _, _), .verified(let node, _, _, _),
            .loaded(let node, _, _, _), .durable(let node, _, _, _), .wake(let node, _),
            .act(let node), .input(let node, _), .handed(let node, _, _):
            node
        case .queued, .dialExpired, .rolledBack, .fault: nil
        }
    }
}
