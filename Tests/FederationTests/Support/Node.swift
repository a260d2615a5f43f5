import Core
import Federation
import Testing

/// An engine in a shell that does what the test says: it carries out work in memory at once, or
/// holds it back, or lets
/// it fail. What goes to others is only collected.
final class Node {
    enum Work: Hashable { case verify, load, store }

    let key: SecretKey
    var settings: Settings
    private(set) var engine: Engine
    var disk: Disk
    var now = Instant(microseconds: 5_000_000)
    var wall = WallTime(microseconds: 1_700_000_000_000_000)
    /// Work that waits in `held` until it is released.
    var holds: Set<Work> = []
    var fails: Set<Work> = []
    private(set) var held: [Effect] = []
    /// What others are to see, and reports, since the last `take`.
    private(set) var out: [Effect] = []
    /// Every effect ever.
    private(set) var trace: [Effect] = []
    private var inbox: [Input] = []
    private var lives: UInt64 = 0
    private var lastToken: UInt64 = 1 << 40
    private var lastExchange: UInt64 = 0

    init(_ name: UInt8, peers: [PeerRecord] = [], settings: Settings = .manual) {
        key = Self.key(name)
        self.settings = settings
        let id = LogID(bytes: [UInt8](repeating: name, count: 16))
        disk = Disk(id: id ?? Self.noLog, peers: peers)
        engine = Self.engine(key, settings, disk, life: 0)
    }

    private static var noLog: LogID {
        var secrets = Secrets(seed: .zero)
        return .fresh(&secrets)
    }

    static func key(_ name: UInt8) -> SecretKey {
        guard let key = SecretKey(seed: [UInt8](repeating: name, count: 32)) else {
            preconditionFailure("a seed has 32 bytes")
        }
        return key
    }

    private static func engine(
        _ key: SecretKey, _ settings: Settings, _ disk: Disk, life: UInt64
    ) -> Engine {
        let seed = Digest(words: key.node.w0, life, 0, 0)
        return Engine(
            key: key, state: disk.state, settings: settings, dice: Dice(seed: key.node.w1 &+ life),
            secrets: Secrets(seed: seed))
    }

    var id: NodeID { key.node }

    /// The process ends and starts again from what is durable. A store that was held back has
    /// happened or not.
    func restart(afterStoring: Bool = false) {
        if afterStoring {
            for case .store(_, let write) in held { disk.apply(write) }
        }
        lives += 1
        held = []
        out = []
        inbox = []
        engine = Self.engine(key, settings, disk, life: lives)
    }

    func newToken() -> Token {
        lastToken += 1
        return Token(number: lastToken)
    }

    func newExchange() -> Exchange {
        lastExchange += 1
        return Exchange(number: lastExchange)
    }

    func keep(_ effect: Effect) { out.append(effect) }

    func take() -> [Effect] {
        defer { out = [] }
        return out
    }
}

/// The shell.
extension Node {
    func give(_ input: Input) {
        inbox.append(input)
        var steps = 0
        while !inbox.isEmpty {
            let input = inbox.removeFirst()
            steps += 1
            guard steps < 10_000 else {
                Issue.record("the engine never comes to rest: \(input)")
                return inbox = []
            }
            step { engine, now, effects in engine.handle(input, at: now, into: &effects) }
        }
    }

    /// Lets time pass at once; a shell that slept.
    func sleep(_ duration: Duration) {
        now = now + duration
        wall = wall + duration
        step { engine, now, effects in engine.advance(to: now, into: &effects) }
        while !inbox.isEmpty { give(inbox.removeFirst()) }
    }

    private func step(
        _ body: (inout Engine, Instant, inout [Effect]) -> Void
    ) {
        var effects: [Effect] = []
        engine.handle(.wall(wall), at: now, into: &effects)
        body(&engine, now, &effects)
        trace += effects
        for effect in effects { carryOut(effect) }
    }

    private func carryOut(_ effect: Effect) {
        if let work = effect.work, holds.contains(work) {
            held.append(effect)
        } else if let input = doWork(effect) {
            inbox.append(input)
        } else {
            out.append(effect)
        }
    }

    private func doWork(_ effect: Effect) -> Input? {
        switch effect {
        case .verify(let token, let events): return .verified(token, events.map { $0.isSigned() })
        case .load(let token, let query):
            return .loaded(token, fails.contains(.load) ? .failed("no disk") : disk.answer(query))
        case .store(let token, let write):
            if fails.contains(.store) { return .storeFailed(token, "the disk is full") }
            disk.apply(write)
            return .stored(token)
        default: return nil
        }
    }

    /// Carries out the piece of held work at `place`, with the disk as it is now.
    func release(_ place: Int = 0) {
        guard held.indices.contains(place) else {
            Issue.record("no work is held at \(place)")
            return
        }
        let effect = held.remove(at: place)
        if let input = doWork(effect) { give(input) }
    }

    func releaseAll() {
        holds = []
        while !held.isEmpty { release() }
    }
}

extension Effect {
    var work: Node.Work? {
        switch self {
        case .verify: .verify
        case .load: .load
        case .store: .store
        default: nil
        }
    }
}

/// What a test asks about.
extension Node {
    func replies(to exchange: Exchange) -> [Response] {
        out.compactMap {
            if case .reply(exchange, let response) = $0 { response } else { nil }
        }
    }

    var reports: [Report] {
        out.compactMap { if case .report(let report) = $0 { report } else { nil } }
    }

    /// The kinds of the alarms that were raised.
    var alarms: [Alarm.Kind] {
        reports.compactMap { if case .alarm(let alarm) = $0 { alarm.kind } else { nil } }
    }

    var sends: [(token: Token, to: Destination, request: Request)] {
        out.compactMap {
            if case .send(let token, let to, let request) = $0 { (token, to, request) } else { nil }
        }
    }

    var opens: [(token: Token, to: Destination, since: Cursor?)] {
        out.compactMap {
            if case .open(let token, let to, let since) = $0 { (token, to, since) } else { nil }
        }
    }

    /// The reply to `request` by `caller`, where exactly one came.
    func ask(_ request: Request, as caller: NodeID?, isSameHost: Bool = false) -> Response? {
        let exchange = newExchange()
        give(.request(exchange, Caller(node: caller, isSameHost: isSameHost), request))
        let replies = replies(to: exchange)
        return replies.count == 1 ? replies[0] : nil
    }

    func push(_ events: [Event], as caller: NodeID) -> [Outcome]? {
        guard case .outcomes(let outcomes)? = ask(.push(Batch(events)), as: caller) else {
            return nil
        }
        return outcomes
    }

    /// The events that this append made durable; nil where it failed.
    @discardableResult
    func append(_ texts: String...) -> [Event]? {
        append(texts.map { Draft.say($0) })
    }

    func append(_ drafts: [Draft]) -> [Event]? {
        let token = newToken()
        give(.append(token, drafts))
        for case .appended(token, let entries) in reports { return entries.map(\.event) }
        return nil
    }

    func operate(_ operation: Operation) -> OperationResult? {
        let token = newToken()
        give(.operate(token, operation))
        return result(of: token)
    }

    func result(of token: Token) -> OperationResult? {
        for case .operation(token, let result) in reports { return result }
        return nil
    }
}
