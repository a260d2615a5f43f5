import Core

@testable import MerkleSearchTree

/// Drives both machines as an engine does, and checks nothing by itself.
struct Session {
    var bytes = 0
    var roundTrips = 0
    var longest = 0
    var initiatorHas: Set<EventKey>
    var responderHas: Set<EventKey>
    var differences: [(have: [EventKey], delivered: [EventKey], needCount: Int)] = []
    var outcome: ReconcileOutcome?
    var failure: ReconcileFailure?

    init(
        _ ours: [EventKey], _ theirs: [EventKey], salt: UInt64 = 1,
        limits: ReconcileLimits = .standard, contexts: (UInt64, UInt64) = (0, 0),
        cutoffs: (Timestamp?, Timestamp?) = (nil, nil), pushes: Bool = true
    ) {
        (initiatorHas, responderHas) = (Set(ours), Set(theirs))
        var initiator = ReconcileInitiator(
            tree: MerkleSearchTree(sorted: ours), salt: salt, context: contexts.0,
            cutoff: cutoffs.0, limits: limits)
        var responder = ReconcileResponder(
            tree: MerkleSearchTree(sorted: theirs), context: contexts.1, cutoff: cutoffs.1,
            limits: limits)
        var message = initiator.start()
        while outcome == nil, failure == nil {
            guard case .send(let answer) = exchange(message, &responder) else { return }
            switch initiator.receive(answer) {
            case .send(let next): message = next
            case .exchange(let difference):
                if pushes {
                    responder.received(difference.have)
                    responderHas.formUnion(difference.have)
                }
                var delivered: [EventKey] = []
                for want in difference.wants {
                    guard case .deliver(let keys) = exchange(want, &responder) else { return }
                    delivered += keys
                }
                initiatorHas.formUnion(delivered)
                differences.append((difference.have, delivered.sorted(), difference.needCount))
                message = initiator.close(received: delivered)
            case .done(let outcome): self.outcome = outcome
            case .failed(let failure): self.failure = failure
            }
        }
    }

    private mutating func exchange(_ message: [UInt8], _ responder: inout ReconcileResponder)
        -> ReconcileReply
    {
        roundTrips += 1
        bytes += message.count
        longest = max(longest, message.count)
        let reply = responder.receive(message)
        if case .send(let answer) = reply {
            bytes += answer.count
            longest = max(longest, answer.count)
        }
        if case .failed(let failure) = reply { self.failure = failure }
        return reply
    }
}
