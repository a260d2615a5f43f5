import Core

@testable import MerkleSearchTree

/// Drives both machines as an engine does, and checks nothing by itself.
struct Session {
    var bytes = 0
    /// Until the difference is known, and in all.
    var roundTrips = 0
    var roundTripsInAll = 0
    /// Since the difference seemed known: they count where the proof then fails.
    private var roundTripsSince = 0
    var longest = 0
    var initiatorHas: Set<EventKey>
    var responderHas: Set<EventKey>
    var differences: [(have: [EventKey], delivered: [EventKey], needCount: Int)] = []
    var outcome: ReconcileOutcome?
    var failure: ReconcileFailure?
    var commons: (CommonRoot?, CommonRoot?)
    /// All messages, both ways.
    var messages: [[UInt8]] = []
    private let pushes: Bool

    init(
        _ ours: [EventKey], _ theirs: [EventKey], salt: UInt64 = 1,
        limits: ReconcileLimits = .standard, commons: (CommonRoot?, CommonRoot?) = (nil, nil),
        cutoffs: (Timestamp?, Timestamp?) = (nil, nil), pushes: Bool = true
    ) {
        self.init(
            ReconcileIndex(sorted: ours), ReconcileIndex(sorted: theirs), salt: salt,
            limits: limits, commons: commons, cutoffs: cutoffs, pushes: pushes)
    }

    init(
        _ ours: ReconcileIndex, _ theirs: ReconcileIndex, salt: UInt64 = 1,
        limits: ReconcileLimits = .standard, commons: (CommonRoot?, CommonRoot?) = (nil, nil),
        cutoffs: (Timestamp?, Timestamp?) = (nil, nil), pushes: Bool = true
    ) {
        (initiatorHas, responderHas) = (Set(ours.tree.keys), Set(theirs.tree.keys))
        self.pushes = pushes
        var initiator = ReconcileInitiator(
            index: ours, salt: salt, common: commons.0, cutoff: cutoffs.0, limits: limits)
        var responder = ReconcileResponder(
            index: theirs, commons: commons.1.map { [$0] } ?? [], cutoff: cutoffs.1,
            limits: limits)
        run(&initiator, &responder)
        self.commons = (initiator.common, responder.common)
    }

    private mutating func run(
        _ initiator: inout ReconcileInitiator, _ responder: inout ReconcileResponder
    ) {
        var questions = [initiator.start()]
        while outcome == nil, failure == nil {
            roundTripsInAll += 1
            roundTripsSince += 1
            var answers: [[UInt8]] = []
            for question in questions {
                guard case .send(let answer) = exchange(question, &responder) else { return }
                answers.append(answer)
            }
            // Answers may come in any order.
            var step = ReconcileStep.wait
            for answer in answers.reversed() { step = initiator.receive(answer) }
            switch step {
            case .send(let next): questions = [next]
            case .gather(let next): questions = next
            case .wait: return
            case .exchange(let difference):
                roundTrips += roundTripsSince
                roundTripsSince = 0
                guard let received = move(difference, &responder) else { return }
                questions = [initiator.close(received: received)]
            case .done(let outcome):
                if differences.isEmpty { roundTrips = roundTripsSince }
                self.outcome = outcome
            case .failed(let failure): self.failure = failure
            }
        }
    }

    private mutating func move(
        _ difference: ReconcileDifference, _ responder: inout ReconcileResponder
    ) -> [EventKey]? {
        if pushes {
            responder.received(difference.have)
            responderHas.formUnion(difference.have)
        }
        var delivered: [EventKey] = []
        if !difference.wants.isEmpty { roundTripsInAll += 1 }
        for want in difference.wants {
            guard case .deliver(let keys) = exchange(want, &responder) else { return nil }
            delivered += keys
        }
        initiatorHas.formUnion(delivered)
        differences.append((difference.have, delivered.sorted(), difference.needCount))
        return delivered
    }

    private mutating func exchange(_ message: [UInt8], _ responder: inout ReconcileResponder)
        -> ReconcileReply
    {
        count(message)
        let reply = responder.receive(message)
        if case .send(let answer) = reply { count(answer) }
        if case .failed(let failure) = reply { self.failure = failure }
        return reply
    }

    private mutating func count(_ message: [UInt8]) {
        bytes += message.count
        longest = max(longest, message.count)
        messages.append(message)
    }
}
