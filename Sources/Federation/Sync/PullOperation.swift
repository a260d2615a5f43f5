import Core

/// A pull that the operator ordered: page after page until the peer's log ends.
struct PullOperation: Sendable {
    let operation: Token
    /// Whether a session follows.
    let reconciles: Bool
    var since: Cursor?
    var result: SyncResult
}

extension Engine {
    mutating func startPull(
        _ node: NodeID, fromStart: Bool, reconciles: Bool, _ operation: Token,
        _ effects: inout [Effect]
    ) {
        guard pulls[node] == nil else {
            let refusal = Refusal(.busy, "a pull from this peer is under way")
            return report(.operation(operation, .failed(refusal)), &effects)
        }
        pulls[node] = PullOperation(
            operation: operation, reconciles: reconciles,
            since: fromStart ? nil : peers[node]?.record.cursor, result: SyncResult(peer: node))
        continuePull(of: node, &effects)
    }

    private mutating func continuePull(of node: NodeID, _ effects: inout [Effect]) {
        guard let pull = pulls[node], peers[node] != nil else { return }
        pulls[node]?.result.roundTrips += 1
        let request = Request.pull(since: pull.since)
        ask(node, request, token(for: .pull(node)), &effects)
    }

    mutating func pullAnswered(
        _ response: Response, by node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard pulls[node] != nil else { return }
        switch response {
        case .page(let page):
            let source = Job.Source.pulled(node, next: page.next, isEnd: page.isEnd)
            submit(Job(source, page.events), &effects)
        case .refused(let refusal) where refusal.code == .cursorReset && pulls[node]?.since != nil:
            pulls[node]?.since = nil
            continuePull(of: node, &effects)
        case .refused(let refusal):
            refused(by: node, refusal, now, &effects)
            endPull(of: node, .failed(refusal), &effects)
        default: endPull(of: node, .failed(Self.unexpected), &effects)
        }
    }

    mutating func pulled(
        _ job: Job, from node: NodeID, next: Cursor, isEnd: Bool, _ now: Instant,
        _ effects: inout [Effect]
    ) {
        guard let pull = pulls[node] else { return }
        pulls[node]?.result.received += job.outcomes.count { $0 == .stored }
        // A peer that sends us back and forth would be asked for ever.
        guard !isEnd, next.isAfter(pull.since) else {
            return endPull(of: node, nil, &effects, then: now)
        }
        pulls[node]?.since = next
        continuePull(of: node, &effects)
    }

    /// Ends a pull, with its result where there is no failure.
    mutating func endPull(
        of node: NodeID, _ failure: OperationResult?, _ effects: inout [Effect],
        then now: Instant? = nil
    ) {
        guard let pull = pulls.removeValue(forKey: node) else { return }
        if failure == nil, pull.reconciles, let now {
            startSession(with: node, operation: (pull.operation, pull.result), now, &effects)
        } else {
            report(.operation(pull.operation, failure ?? .synced(pull.result)), &effects)
        }
    }

    static var unexpected: Refusal {
        Refusal(.malformed, "the peer answered with something else than was asked for")
    }
}

extension Cursor {
    /// Whether this is a later place of the same log; everything is after nothing.
    fileprivate func isAfter(_ other: Cursor?) -> Bool {
        guard let other else { return true }
        return log == other.log && position > other.position
    }
}
