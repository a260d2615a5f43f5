import Core
import Federation

/// A node whose connections all break while it stays up.
extension Simulation {
    static let reset = TransportFailure.unreachable("the connection was reset")

    mutating func disconnect(_ index: Int) {
        for number in calls.keys.sorted() {
            guard let call = calls[number], call.caller == index || call.callee == index else {
                continue
            }
            cutOff(number, call, by: index)
        }
        for number in pipes.keys.sorted() {
            guard let pipe = pipes[number],
                pipe[.dialler].node == index || pipe[.acceptor].node == index
            else { continue }
            cutOff(number, pipe, by: index)
        }
    }

    /// Whoever asked learns that no answer comes; whoever was asked, that nobody wants it.
    private mutating func cutOff(_ number: UInt64, _ call: Call, by index: Int) {
        guard !call.isRepeat else { return forget(number) }
        calls[number]?.isBroken = true
        if call.caller == index {
            giveUp(number, Self.reset, at: now)
        } else {
            if call.hasArrived { heap.push(.abandoned(number, callee: index), at: now) }
            guard !isCut(from: index, to: call.caller) else { return }
            let wait = latency(of: call.wayBack, call.luck.next(call.replies))
            giveUp(number, Self.reset, at: now + .microseconds(wait))
        }
    }

    private mutating func cutOff(_ number: UInt64, _ pipe: Pipe, by index: Int) {
        let end: PipeEnd = pipe[.dialler].node == index ? .dialler : .acceptor
        let other = pipe[end.other].node
        pipes[number]?.failure = Self.reset
        heap.push(.unlinked(number, end), at: now)
        guard !isCut(from: index, to: other) else { return }
        let wait = latency(of: Link(from: index, to: other), pipe.luck(to: end.other))
        heap.push(.unlinked(number, end.other), at: now + .microseconds(wait))
    }
}
