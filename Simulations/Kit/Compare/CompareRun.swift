import Core
import Federation
import MerkleSearchTree

/// One session between two machines, message by message.
struct CompareRun {
    private let pair: KeyPair
    private let clock: () -> Duration
    private var initiator: any ReconcileInitiating
    private var responder: any ReconcileResponding
    private var bytes = 0
    private var roundTrips = 0
    private var initiatorTime = Duration.zero
    private var responderTime = Duration.zero
    private var have: Set<EventKey> = []
    private var received: Set<EventKey> = []
    /// A session that takes more is not worth waiting for.
    private static let maxRoundTrips = 100_000

    init(
        _ pair: KeyPair, _ reconciler: any Reconciler, salt: UInt64,
        _ clock: @escaping () -> Duration
    ) {
        self.pair = pair
        self.clock = clock
        initiator = reconciler.initiator(
            index: ReconcileIndex(sorted: pair.initiator), salt: salt, common: nil, cutoff: nil)
        responder = reconciler.responder(
            index: ReconcileIndex(sorted: pair.responder), commons: [], cutoff: nil)
    }

    mutating func result(named name: String) -> CompareReport.Result {
        let isProven = converse()
        return CompareReport.Result(
            method: name, bytes: bytes, roundTrips: roundTrips, initiator: initiatorTime,
            responder: responderTime,
            isExact: isProven && have == Set(pair.onlyInitiator)
                && received == Set(pair.onlyResponder))
    }

    /// Until the roots are proven equal, or one side gives up.
    private mutating func converse() -> Bool {
        var questions = [asInitiator { $0.start() }]
        while roundTrips < Self.maxRoundTrips {
            guard let answers = ask(questions) else { return false }
            var step = ReconcileStep.wait
            for answer in answers { step = asInitiator { $0.receive(answer) } }
            switch step {
            case .send(let next): questions = [next]
            case .gather(let next): questions = next
            case .exchange(let difference):
                guard let keys = exchange(difference) else { return false }
                questions = [asInitiator { $0.close(received: keys) }]
            case .done: return true
            case .wait, .failed: return false
            }
        }
        return false
    }

    /// Messages that go at once: one round trip.
    private mutating func ask(_ questions: [[UInt8]]) -> [[UInt8]]? {
        roundTrips += 1
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
        have.formUnion(difference.have)
        asResponder { $0.received(difference.have) }
        var came: [EventKey] = []
        if !difference.wants.isEmpty { roundTrips += 1 }
        for want in difference.wants {
            guard case .deliver(let keys) = ask(want) else { return nil }
            came += keys
        }
        received.formUnion(came)
        return came
    }

    private mutating func ask(_ message: [UInt8]) -> ReconcileReply {
        bytes += message.count
        let reply = asResponder { $0.receive(message) }
        if case .send(let answer) = reply { bytes += answer.count }
        return reply
    }

    private mutating func asInitiator<Value>(
        _ body: (inout any ReconcileInitiating) -> Value
    ) -> Value {
        let start = clock()
        defer { initiatorTime += clock() - start }
        return body(&initiator)
    }

    @discardableResult
    private mutating func asResponder<Value>(
        _ body: (inout any ReconcileResponding) -> Value
    ) -> Value {
        let start = clock()
        defer { responderTime += clock() - start }
        return body(&responder)
    }
}
