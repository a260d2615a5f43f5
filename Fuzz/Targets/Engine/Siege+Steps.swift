import Core
import Federation
import MerkleSearchTree
import SimulationKit

/// What others do, chosen by the bytes of the input.
extension Siege {
    static let kinds = 22

    func step(_ feed: inout Feed) throws {
        switch feed.below(Self.kinds) {
        case 0: try askRaw(&feed)
        case 1: try ask(.push(batch(&feed)), as: caller(&feed))
        case 2: try ask(.pull(since: cursor(&feed)), as: caller(&feed))
        case 3: try ask(.stream(since: cursor(&feed)), as: caller(&feed))
        case 4: try beginSession(feed.byte())
        case 5: try continueSession(feed.byte())
        case 6:
            try ask(.fetch(session: UInt64(feed.byte()), message: feed.piece()), as: caller(&feed))
        case 7: try askForBodies(&feed)
        case 8: try register()
        case 9: try pass(Self.times[feed.below(Self.times.count)])
        case 10: wall = Self.walls[feed.below(Self.walls.count)]
        case 11: holds = feed.below(2) == 0
        case 12: try release(feed.byte())
        case 13: nextStoreFails = true
        case 14: try answerSend(&feed)
        case 15: try failSend(feed.byte())
        case 16: try streamPage(&feed)
        case 17: try closeStream(feed.byte())
        case 18: try readOn(feed.byte())
        case 19: try operate(&feed)
        case 20: try append(feed.byte())
        default: try restartOrSight(&feed)
        }
        try settle()
    }

    private static let times: [Duration] = [
        .milliseconds(1), .milliseconds(600), .seconds(4), .seconds(31), .seconds(75),
        .seconds(3700),
    ]

    private static let walls: [WallTime] = [
        Samples.wall, Samples.wall + .seconds(-120), Samples.wall + .seconds(120),
        Samples.wall + .seconds(90_000), WallTime(microseconds: 0),
    ]

    private func caller(_ feed: inout Feed) -> NodeID? {
        let place = feed.below(16)
        // Mostly the hostile peer.
        return place == 15
            ? nil : place < Arsenal.nodes.count ? Arsenal.nodes[place] : Arsenal.nodes[0]
    }

    private func node(_ feed: inout Feed) -> NodeID {
        Arsenal.nodes[feed.below(Arsenal.nodes.count)]
    }

    private func batch(_ feed: inout Feed) -> Batch {
        let count = feed.below(12)
        return Batch((0..<count).map { _ in Arsenal.events[feed.below(Arsenal.events.count)] })
    }

    private func cursor(_ feed: inout Feed) -> Cursor? {
        switch feed.below(5) {
        case 0: nil
        case 1: Cursor(log: log.id, position: UInt64(feed.byte()))
        case 2: Cursor(log: log.id, position: Limits.integer)
        case 3: Samples.cursor
        default: Cursor(log: log.id, position: log.entries.last?.position ?? 0)
        }
    }
}

/// Requests.
extension Siege {
    @discardableResult
    private func ask(_ request: Request, as caller: NodeID?) throws -> UInt64 {
        lastExchange += 1
        let isStream = if case .stream = request { true } else { false }
        let isActive = caller.flatMap { engine.view(of: $0) }?.record.state == .active
        asked[lastExchange] = Asked(isStream: isStream, wasActive: isActive)
        let exchange = Exchange(number: lastExchange)
        try give(.request(exchange, Caller(node: caller), request))
        return exchange.number
    }

    private func askRaw(_ feed: inout Feed) throws {
        let caller = caller(&feed)
        let bytes = feed.piece()
        guard let request = attempt({ () throws(CBORError) in try Request(decoding: bytes) }) else {
            return
        }
        try ask(request, as: caller)
    }

    private func askForBodies(_ feed: inout Feed) throws {
        let count = feed.below(6)
        let ids = (0..<count).map { _ in Arsenal.events[feed.below(Arsenal.events.count)].id }
        try ask(.bodies(ids), as: caller(&feed))
    }

    private func beginSession(_ count: UInt8) throws {
        let valid = Set(Arsenal.events.prefix(Int(count) % 12).map(\.key)).sorted()
        var machine = ReconcileInitiator(
            index: ReconcileIndex(sorted: valid), salt: UInt64(count))
        sessionMessage = machine.start()
        initiator = machine
        try continueSession(0)
    }

    /// Says what the session's machine wants said, or something else.
    private func continueSession(_ twist: UInt8) throws {
        guard initiator != nil else { return }
        var message = sessionMessage
        if twist & 1 == 1, !message.isEmpty { message[Int(twist) % message.count] ^= twist }
        sessionExchange = lastExchange + 1
        try ask(
            twist & 2 == 2
                ? .fetch(session: 1 + UInt64(twist & 4), message: message)
                : .reconcile(
                    session: 1 + UInt64(twist & 4), context: twist & 8 == 8 ? UInt64(twist) : nil,
                    message: message),
            as: Arsenal.hostile.node)
    }

    func sessionAnswered(_ response: Response) throws {
        guard case .message(let message, _) = response else { return }
        switch initiator?.receive(message) {
        case .send(let next): sessionMessage = next
        case .gather(let next): sessionMessage = next.first ?? []
        case .exchange(let difference):
            sessionMessage = difference.wants.first ?? initiator?.close(received: []) ?? []
        default: initiator = nil
        }
    }

    private func register() throws {
        var registrant = registrant
        try registrant.begin(self)
        self.registrant = registrant
        try settle()
    }

    private func readOn(_ choice: UInt8) throws {
        let streams = asked.filter { $0.value.isStream }.keys.sorted()
        guard !streams.isEmpty else { return }
        let exchange = Exchange(number: streams[Int(choice >> 1) % streams.count])
        if choice & 1 == 0 { return try give(.drained(exchange)) }
        asked[exchange.number] = nil
        try give(.abandoned(exchange))
    }
}

/// The shell, the operator, and those whom the node asks.
extension Siege {
    private func release(_ choice: UInt8) throws {
        guard !held.isEmpty else { return }
        try work(held.remove(at: Int(choice) % held.count))
    }

    private func answerSend(_ feed: inout Feed) throws {
        guard !sends.isEmpty else { return }
        let (token, to) = sends.remove(at: feed.below(sends.count))
        let samples = Samples.responses
        let response: Response
        switch feed.below(4) {
        case 0:
            let bytes = feed.piece()
            response =
                attempt { () throws(CBORError) in try Response(decoding: bytes) }
                ?? .outcomes([])
        case 1: response = .events(batch(&feed))
        case 2:
            response = .outcomes(Array(repeating: .stored, count: feed.below(12)))
        default: response = samples[feed.below(samples.count)]
        }
        try give(.response(token, from: to.node ?? node(&feed), tlsKey: .zero, response))
    }

    private func failSend(_ choice: UInt8) throws {
        guard !sends.isEmpty else { return }
        let (token, _) = sends.remove(at: Int(choice) % sends.count)
        try give(.failed(token, .unreachable("nobody")))
    }

    private func streamPage(_ feed: inout Feed) throws {
        guard !opens.isEmpty else { return }
        let token = opens[feed.below(opens.count)]
        guard ready.remove(token) != nil else { return }
        let next = Cursor(log: Samples.log(feed.byte()), position: UInt64(feed.byte()))
        try give(.page(token, Page(next: next, isEnd: feed.below(2) == 0, events: batch(&feed))))
    }

    private func closeStream(_ choice: UInt8) throws {
        guard !opens.isEmpty else { return }
        let token = opens.remove(at: Int(choice >> 1) % opens.count)
        let refusal = TransportFailure.refused(Refusal(.cursorReset, "another log"))
        try give(.closed(token, choice & 1 == 0 ? nil : refusal))
    }

    private func operate(_ feed: inout Feed) throws {
        let node = node(&feed)
        let operations: [Operation] = [
            .add(endpoint: "https://a.example:1"), .approve(node), .reject(node), .remove(node),
            .sync(node), .pull(node, fromStart: feed.below(2) == 0), .reconcile(node),
        ]
        let operation = operations[feed.below(operations.count)]
        try order { .operate($0, operation) }
    }

    private func append(_ choice: UInt8) throws {
        let drafts = (0..<Int(choice % 5)).map { Arsenal.draft($0 * 7) }
        try order { .append($0, drafts) }
    }

    private func restartOrSight(_ feed: inout Feed) throws {
        switch feed.below(4) {
        case 0: restart()
        case 1: try give(.vanished(node(&feed)))
        case 2:
            let batch = batch(&feed)
            try order { .importEvents($0, batch) }
        default:
            let sighting = Sighting(
                node: node(&feed), endpoints: ["https://192.0.2.1:7443"], label: "n",
                isSameHost: feed.below(2) == 0)
            try give(.sighted(sighting))
        }
    }
}
