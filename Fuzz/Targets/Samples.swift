import Core
import Federation

/// Valid values, the same every time: what seeds are made of.
enum Samples {
    static func key(_ name: UInt8) -> SecretKey {
        guard let key = SecretKey(seed: [UInt8](repeating: name, count: 32)) else {
            preconditionFailure("a seed has 32 bytes")
        }
        return key
    }

    static func author(_ role: Author.Role, _ name: String) -> Author {
        guard let author = Author(role: role, name: name) else {
            preconditionFailure("the name is in the grammar")
        }
        return author
    }

    static func log(_ byte: UInt8) -> LogID {
        guard let log = LogID(bytes: [UInt8](repeating: byte, count: 16)) else {
            preconditionFailure("a log's id has 16 bytes")
        }
        return log
    }

    static func id(_ text: String) -> EventID { SHA256.hash(Array(text.utf8)) }

    /// What the wall clock reads in every target.
    static let wall = WallTime(microseconds: 1_800_000_000_000_000)

    /// Event `number` of the chain of `key`; larger numbers have more fields.
    static func event(
        _ key: SecretKey, _ number: UInt64, previous: EventID? = nil,
        at time: UInt64 = wall.microseconds - 1_000_000_000, scope: [UInt8] = [],
        kind: String = "message.post"
    ) -> Event {
        let text = String(repeating: "hello \(number) ", count: Int(number % 5) * 3)
        let body = Body(
            salt: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Limits.saltBytes),
            bytes: Array(text.utf8))
        let parents = (0..<number % 4).map { id("parent \($0)") }.sorted()
        let proof = AuthorProof(
            deviceKey: key.node, time: time, nonce: [UInt8](repeating: 9, count: 16),
            signature: [UInt8](repeating: 8, count: 64))
        let header = Header(
            origin: key.node, scope: scope, sequence: number,
            previous: number == 1 ? nil : previous ?? id("previous"),
            time: Timestamp(physical: time + number, counter: UInt16(truncatingIfNeeded: number)),
            parents: parents, author: author(.ai, "assistant-\(number)"),
            authorProof: number % 7 == 6 ? proof : nil, kind: kind,
            bodyLength: body.bytes.count, bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }

    /// A chain of events of the key called `name`.
    static func chain(_ name: UInt8, _ count: Int) -> [Event] {
        let key = key(name)
        var previous: EventID?
        return (1...UInt64(count)).map { number in
            let event = event(key, number, previous: previous)
            previous = event.id
            return event
        }
    }

    static let cards = [
        NodeCard(label: "", endpoints: []),
        NodeCard(versions: [1, 2, 9], label: "n1", endpoints: ["https://n1.example:7443"]),
        NodeCard(
            label: String(repeating: "ä", count: 32),
            endpoints: (0..<8).map { "https://[fe80::\($0)%25eth0]:\(1 + $0)" }),
    ]

    static let batches = [
        Batch(), Batch(chain(1, 1)), Batch(chain(2, 7)), Batch(chain(3, 2).map(withoutBody)),
    ]

    static func withoutBody(_ event: Event) -> Event {
        var event = event
        event.body = nil
        return event
    }

    static let cursor = Cursor(log: log(7), position: 41)

    static let admissions = [
        AdmittedOrigin(origin: NodeID(words: 1, 0, 0, 0), extent: .whole),
        AdmittedOrigin(
            origin: NodeID(words: 2, 0, 0, 0), extent: .upTo(Cut(through: id("cut"), at: 9))),
    ]

    static let requests: [Request] = {
        let node = key(1).node
        let nonce: Digest = SHA256.hash([1])
        var requests = cards.map {
            Request.introduce(Introduction(node: node, nonce: nonce, card: $0, time: wall))
        }
        requests += [nil, nonce].map {
            .confirm(
                Confirmation(
                    node: node, nonce: nonce, signature: [UInt8](repeating: 3, count: 64),
                    joinProof: $0, isApproved: $0 == nil,
                    invite: $0.map { InviteProof(id: 7, proof: $0) },
                    predecessors: $0 == nil ? [] : Array(batches[2].events.prefix(2))))
        }
        requests += [[], admissions].map { .admissions(session: 9, $0) }
        requests += batches.map { .push($0) }
        requests += [nil, cursor].flatMap { [.pull(since: $0), .stream(since: $0)] }
        for message in ReconcileSamples.messages.prefix(6) {
            requests.append(.reconcile(session: 1 << 63, message: message))
            requests.append(.fetch(session: 7, message: message))
        }
        requests += [.bodies([]), .bodies((0..<3).map { id("\($0)") })]
        return requests + [.status, .ownRecord, .leave]
    }()

    static let responses: [Response] = {
        let node = key(1).node
        let nonce: Digest = SHA256.hash([1])
        var responses = cards.map { card in
            Response.challenge(
                Challenge(
                    node: node, nonce: nonce, card: card, time: wall,
                    signature: [UInt8](repeating: 3, count: 64),
                    joinProof: card.label.isEmpty ? nil : nonce))
        }
        for state in PeerRecord.State.allCases {
            responses.append(
                .registration(RegistrationState(state: state, isApproved: state == .active)))
        }
        responses += [[], admissions].map { .admissions($0) }
        let refusals = RefusalCode.allCases.map { Outcome.refused($0) }
        responses.append(.outcomes([.stored, .alreadyHeld, .setAside] + refusals))
        for batch in batches {
            responses.append(.page(Page(next: cursor, isEnd: true, events: batch)))
            responses.append(.events(batch))
        }
        responses += ReconcileSamples.messages.prefix(6).map { .message($0, []) }
        responses.append(
            .status(
                PeerStatus(
                    log: log(7), position: 9, eventCount: 8, root: SHA256.hash([2]),
                    missingBodies: 1)))
        responses += RefusalCode.allCases.map { code in
            .refused(Refusal(code, "because of \(code)", retryAfter: .seconds(30)))
        }
        return responses
    }()
}
