import Core
import Federation
import MerkleSearchTree
import SimulationKit

/// A node with its disk in memory, and everybody who comes to it. Each step checks what must hold
/// whatever others send.
final class Siege {
    /// A request of somebody else.
    struct Asked {
        var isStream: Bool
        var wasActive: Bool
        var replies = 0
    }

    private(set) var engine: Engine
    var log: MemoryLog
    var now = Instant(microseconds: 1_000_000)
    var wall = Samples.wall {
        didSet { latestWall = max(latestWall, wall) }
    }
    /// A commit may have been composed before the clock was set back.
    private var latestWall = Samples.wall
    var asked: [UInt64: Asked] = [:]
    var lastExchange: UInt64 = 0
    var lastToken: UInt64 = 1 << 40
    /// Work for disk and verifier that waits, where it is held back.
    var held: [Effect] = []
    var holds = false
    var nextStoreFails = false
    /// What the node has asked others, and the streams that it reads.
    var sends: [(token: Token, to: Destination)] = []
    var opens: [Token] = []
    /// Streams of which the next page may be read.
    var ready: Set<Token> = []
    /// Orders of the operator that are not answered yet.
    var orders: Set<Token> = []
    /// The hostile peer's side of a session, and what it says next.
    var initiator: ReconcileInitiator?
    var sessionExchange: UInt64 = 0
    var sessionMessage: [UInt8] = []
    var registrant = Registrant()
    private var inbox: [Input] = []
    private var lives: UInt64 = 0

    init() {
        log = MemoryLog(id: Samples.log(2))
        let peers = [
            (Arsenal.hostile, PeerRecord.State.active), (Arsenal.quiet, .active),
            (Arsenal.pending, .pending), (Arsenal.removed, .removed),
        ]
        var write = LogWrite()
        write.peers = peers.map { key, state in
            PeerRecord(
                node: key.node, state: state, approval: state == .active ? .byOperator : nil,
                isApprovedThere: true, endpoints: ["https://n.example:7443"])
        }
        log.apply(write)
        engine = Self.engine(log, life: 0)
    }

    private static func engine(_ log: MemoryLog, life: UInt64) -> Engine {
        Engine(
            key: Arsenal.own, state: log.state, settings: Settings(label: "n2"),
            dice: Dice(seed: life), secrets: Secrets(seed: Digest(words: life, 0, 0, 0)))
    }

    /// The process ends and starts again from what is durable.
    func restart() {
        lives += 1
        (held, inbox, sends, opens, asked, ready, orders) = ([], [], [], [], [:], [], [])
        engine = Self.engine(log, life: lives)
    }

    /// Hands an input to the engine, and carries out what follows from it.
    func give(_ input: Input) throws {
        inbox.append(input)
        var steps = 0
        while !inbox.isEmpty {
            steps += 1
            try check(steps < 5000, "the engine never comes to rest")
            let input = inbox.removeFirst()
            try step { engine, effects in engine.handle(input, at: now, into: &effects) }
        }
    }

    /// Hands an input to the engine after those that wait.
    func later(_ input: Input) { inbox.append(input) }

    /// Lets time pass.
    func pass(_ time: Duration) throws {
        now = now + time
        wall = wall + time
        try step { engine, effects in engine.advance(to: now, into: &effects) }
        while !inbox.isEmpty { try give(inbox.removeFirst()) }
    }

    private func step(_ body: (inout Engine, inout [Effect]) -> Void) throws {
        var effects: [Effect] = []
        engine.handle(.wall(wall), at: now, into: &effects)
        body(&engine, &effects)
        if let excess = engine.held.excess { throw Finding(excess) }
        for effect in effects { try carryOut(effect) }
    }

    private func carryOut(_ effect: Effect) throws {
        switch effect {
        case .verify, .load, .store:
            if holds { held.append(effect) } else { try work(effect) }
        case .reply(let exchange, let response): try replied(exchange, response)
        case .close(let exchange, _): asked[exchange.number] = nil
        case .send(let token, let to, let request):
            try checkRequest(request)
            sends.append((token, to))
        case .open(let token, _, _):
            opens.append(token)
            ready.insert(token)
        case .proceed(let token): ready.insert(token)
        case .report(let report): reported(report)
        case .cancel(let token): opens.removeAll { $0 == token }
        // Gossip is off here; it has a siege of its own.
        case .link, .transmit, .read, .unlink: break
        }
    }

    private func reported(_ report: Report) {
        switch report {
        case .appended(let token, _), .appendFailed(let token, _), .imported(let token, _),
            .operation(let token, _):
            orders.remove(token)
        default: break
        }
    }

    /// Gives an order of the operator, who waits for answers once there are a few.
    func order(_ input: (Token) -> Input) throws {
        guard orders.count < 8 else { return }
        lastToken += 1
        let token = Token(number: lastToken)
        orders.insert(token)
        try give(input(token))
    }

    /// Does the work of verifier and disk, and tells the engine with the next input.
    func work(_ effect: Effect) throws {
        switch effect {
        case .verify(let token, let events):
            inbox.append(.verified(token, events.map(Verdicts.isSigned)))
        case .load(let token, let query): inbox.append(.loaded(token, log.answer(query)))
        case .store(let token, let write):
            if nextStoreFails {
                nextStoreFails = false
                inbox.append(.storeFailed(token, "the disk is full"))
                return
            }
            try checkWrite(write)
            log.apply(write)
            inbox.append(.stored(token))
        default: break
        }
    }

    /// Takes up what `work` left for the engine.
    func settle() throws {
        while !inbox.isEmpty { try give(inbox.removeFirst()) }
    }
}

/// What must hold.
extension Siege {
    private func replied(_ exchange: Exchange, _ response: Response) throws {
        let bytes = response.encoded()
        try check(bytes.count <= MessageLimits.messageBytes, "an answer of \(bytes.count) bytes")
        let read = attempt { () throws(CBORError) in try Response(decoding: bytes) }
        try check(read?.encoded() == bytes, "an answer that can't be read: \(response)")
        if exchange.number > 1 << 50 { return try registrant.answered(response, exchange, self) }
        guard var asked = asked[exchange.number] else {
            throw Finding("an answer to nothing, or a second one")
        }
        if !asked.wasActive {
            switch response {
            case .refused, .registration, .challenge: break
            default: throw Finding("a node that is no active peer was told: \(response)")
            }
        }
        asked.replies += 1
        let isOver = if case .page = response { !asked.isStream } else { true }
        self.asked[exchange.number] = isOver ? nil : asked
        if exchange.number == sessionExchange { try sessionAnswered(response) }
    }

    private func checkRequest(_ request: Request) throws {
        let bytes = request.encoded()
        try check(bytes.count <= MessageLimits.messageBytes, "a request of \(bytes.count) bytes")
        let read = attempt { () throws(CBORError) in try Request(decoding: bytes) }
        try check(read == request, "a request that can't be read")
    }

    private func checkWrite(_ write: LogWrite) throws {
        var position = log.entries.last?.position ?? 0
        for entry in write.entries {
            try check(entry.position > position, "positions do not ascend")
            position = entry.position
            try check(!log.holds(entry.event.id), "an event is stored twice")
            try checkEvent(entry.event)
            let ahead = (latestWall + Limits.clockAhead).microseconds
            try check(entry.event.header.time.physical <= ahead, "an event from the future")
        }
        for event in write.aside { try checkEvent(event.event) }
        for (id, body) in write.bodies {
            let entry = log.entries.first { $0.event.id == id }
            try check(entry?.event.header.bodyHash == body.hash, "a body of nothing held")
        }
        if let clock = write.clock { try check(clock >= log.clock, "the clock goes back") }
    }

    private func checkEvent(_ event: Event) throws {
        try check(Verdicts.isSigned(event), "an unsigned event is stored")
        try check(event.bodyMatches, "a body that was not signed is stored")
        try check(event.header.scope.isEmpty, "an event of an unknown scope is stored")
        let read = attempt { () throws(CBORError) in try Event(decoding: event.encoded()) }
        try check(read == event, "what is stored can't be read")
    }

    /// Ends everything that is under way, then compares the engine with its disk.
    func finish() throws {
        holds = false
        nextStoreFails = false
        while !held.isEmpty {
            try work(held.removeFirst())
            try settle()
        }
        for _ in 0..<40 where !sends.isEmpty || !opens.isEmpty {
            let (sent, opened) = (sends, opens)
            (sends, opens) = ([], [])
            for (token, _) in sent { try give(.failed(token, .timedOut)) }
            for token in opened { try give(.closed(token, nil)) }
        }
        for (number, asked) in asked {
            try check(asked.isStream, "request \(number) got no answer")
        }
        try check(orders.isEmpty, "an order of the operator was not answered")
        let left = engine.held
        try check(left.jobs == 0 && left.jobBytes == 0, "jobs are left: \(left)")
        try check(left.questions == 0, "questions are left that nobody answers: \(left)")
        // What is no longer admitted stays on the disk, and in no root.
        let hidden = engine.hiddenEvents
        let known = engine.eventCount + hidden.count
        try check(known == log.count, "the engine holds other events than its disk")
        let keys = log.entries.map(\.event.key).filter { !hidden.contains($0.id) }.sorted()
        try check(engine.root == MerkleSearchTree(sorted: keys).root, "the root is another set's")
        restart()
        try check(engine.root == MerkleSearchTree(sorted: keys).root, "a restart changes the root")
    }
}
