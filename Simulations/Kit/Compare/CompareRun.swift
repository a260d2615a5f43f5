import Core
import Federation
import MerkleSearchTree

/// One session between two machines, message by message.
struct CompareRun {
    private let pair: ComparePair
    private let clock: () -> Duration
    private var initiator: any ReconcileInitiating
    private var responder: any ReconcileResponding
    private var result: CompareReport.Result
    private var isKnown = false
    /// Round trips since the difference seemed known; they count where the proof then fails.
    private var roundTripsSince = 0
    private var have: Set<EventKey> = []
    private var received: Set<EventKey> = []
    /// A session that takes more is not worth waiting for.
    private static let maxRoundTrips = 100_000

    /// What a method needs for a pair.
    static func result(
        of method: CompareMethod, _ pair: ComparePair, salt: UInt64,
        _ clock: @escaping () -> Duration
    ) -> CompareReport.Result {
        switch method {
        case .pages: return PagePull.result(pair, clock)
        case .cursor: return CursorModel.result(pair)
        default:
            guard let reconciler = method.reconciler else { preconditionFailure("no machines") }
            var run = CompareRun(method, pair, reconciler, salt: salt, clock)
            return run.finished()
        }
    }

    private init(
        _ method: CompareMethod, _ pair: ComparePair, _ reconciler: any Reconciler, salt: UInt64,
        _ clock: @escaping () -> Duration
    ) {
        self.pair = pair
        self.clock = clock
        result = CompareReport.Result(method: method)
        let commons = method == .ours ? pair.commons : (nil, nil)
        initiator = reconciler.initiator(
            index: pair.initiator, salt: salt, common: commons.0, cutoff: nil)
        responder = reconciler.responder(
            index: pair.responder, commons: commons.1.map { [$0] } ?? [], cutoff: nil)
    }

    private mutating func finished() -> CompareReport.Result {
        let isProven = converse()
        result.isExact =
            isProven && have == Set(pair.onlyInitiator) && received == Set(pair.onlyResponder)
        return result
    }

    /// Until the roots are proven equal, or one side gives up.
    private mutating func converse() -> Bool {
        var questions = [asInitiator { $0.start() }]
        while result.roundTripsInAll < Self.maxRoundTrips {
            guard let answers = ask(questions) else { return false }
            var step = ReconcileStep.wait
            for answer in answers { step = asInitiator { $0.receive(answer) } }
            switch step {
            case .send(let next): questions = [next]
            case .gather(let next): questions = next
            case .exchange(let difference):
                guard let keys = exchange(difference) else { return false }
                questions = [asInitiator { $0.close(received: keys) }]
            case .done(let outcome):
                if !isKnown { result.roundTrips = roundTripsSince }
                result.way = outcome.method.rawValue
                return true
            case .wait, .failed: return false
            }
        }
        return false
    }

    /// Messages that go at once: one round trip.
    private mutating func ask(_ questions: [[UInt8]]) -> [[UInt8]]? {
        result.roundTripsInAll += 1
        roundTripsSince += 1
        var answers: [[UInt8]] = []
        for question in questions {
            guard case .send(let answer) = ask(question) else { return nil }
            answers.append(answer)
        }
        return answers
    }

    /// Moves the missing events, of which only the requests are counted; nil where the responder
    /// refuses one.
    private mutating func exchange(_ difference: ReconcileDifference) -> [EventKey]? {
        isKnown = true
        result.roundTrips += roundTripsSince
        roundTripsSince = 0
        // A hash that collided may name what the other side holds.
        let pushed = difference.have.filter { !pair.responder.tree.contains($0) }
        result.extraEvents += difference.have.count - pushed.count
        have.formUnion(pushed)
        asResponder { $0.received(difference.have) }
        var came: [EventKey] = []
        if !difference.wants.isEmpty { result.roundTripsInAll += 1 }
        for want in difference.wants {
            guard case .deliver(let keys) = ask(want) else { return nil }
            // A truncated name may bring what is held.
            came += keys.filter { !pair.initiator.tree.contains($0) }
            result.extraEvents += keys.count { pair.initiator.tree.contains($0) }
        }
        received.formUnion(came)
        return came
    }

    private mutating func ask(_ message: [UInt8]) -> ReconcileReply {
        result.bytes += message.count
        let reply = asResponder { $0.receive(message) }
        if case .send(let answer) = reply { result.bytes += answer.count }
        return reply
    }

    private mutating func asInitiator<Value>(
        _ body: (inout any ReconcileInitiating) -> Value
    ) -> Value {
        let start = clock()
        let value = body(&initiator)
        let time = clock() - start
        result.initiatorInAll += time
        if !isKnown { result.initiator += time }
        return value
    }

    @discardableResult
    private mutating func asResponder<Value>(
        _ body: (inout any ReconcileResponding) -> Value
    ) -> Value {
        let start = clock()
        let value = body(&responder)
        let time = clock() - start
        result.responderInAll += time
        if !isKnown { result.responder += time }
        return value
    }
}
