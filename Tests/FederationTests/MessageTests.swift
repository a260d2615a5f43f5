import Core
import Federation
import Testing

@Suite(.timeLimit(.minutes(10)))
struct MessageTests {
    private static let node = Node.key(1).node
    private static let digest = Digest(words: 1, 2, 3, 4)
    private static let signature = [UInt8](repeating: 5, count: 64)
    private static let card = NodeCard(
        versions: [1, 2], label: "kitchen", endpoints: ["https://a:1", "https://[::1]:2"])

    private static var events: Batch {
        let origin = Origin(7)
        let all = origin.events(3)
        return Batch([all[0], all[1].withoutBody, all[2]])
    }

    private static var cursor: Cursor? {
        Cursor("000102030405060708090a0b0c0d0e0f.77")
    }

    private static let time = WallTime(microseconds: 1_700_000_000_000_000)

    private static var admissions: [AdmittedOrigin] {
        let id = EventID(words: 1, 2, 3, 4)
        return [
            AdmittedOrigin(origin: NodeID(words: 1, 0, 0, 0), extent: .whole),
            AdmittedOrigin(
                origin: NodeID(words: 2, 0, 0, 0), extent: .upTo(Cut(through: id, at: 9))),
        ]
    }

    private static var requests: [Request] {
        let introduction = Introduction(node: node, nonce: digest, card: card, time: time)
        let id = EventID(words: 9, 9, 9, 9)
        return [
            .introduce(introduction),
            .introduce(
                Introduction(
                    node: node, nonce: digest, card: NodeCard(label: "", endpoints: []),
                    time: time)),
            .confirm(
                Confirmation(
                    node: node, nonce: digest, signature: signature, joinProof: digest,
                    isApproved: true)),
            .confirm(
                Confirmation(
                    node: node, nonce: digest, signature: signature, joinProof: nil,
                    isApproved: false, invite: InviteProof(id: .max, proof: digest),
                    predecessors: [events.events[0], events.events[0]])),
            .admissions(session: 7, []), .admissions(session: 7, admissions),
            .push(events), .push(Batch()), .pull(since: nil), .pull(since: cursor),
            .stream(since: nil), .stream(since: cursor),
            .reconcile(session: .max, message: [1, 2, 3]), .reconcile(session: 0, message: []),
            .fetch(session: 1 << 60, message: [4]), .bodies([]), .bodies([id, .zero]), .status,
            .ownRecord, .leave,
        ]
    }

    private static var responses: [Response] {
        guard let cursor, let log = LogID(bytes: [UInt8](repeating: 3, count: 16)) else {
            return []
        }
        let status = PeerStatus(
            log: log, position: 5, eventCount: 4, root: digest, missingBodies: 1)
        let refusals = RefusalCode.allCases.map {
            Response.refused(Refusal($0, "why", retryAfter: .milliseconds(1500)))
        }
        let states = PeerRecord.State.allCases.map {
            Response.registration(RegistrationState(state: $0, isApproved: $0 == .active))
        }
        let outcomes =
            [Outcome.stored, .alreadyHeld, .setAside]
            + RefusalCode.allCases.map { .refused($0) }
        return refusals + states + [
            .challenge(
                Challenge(
                    node: node, nonce: digest, card: card, time: time, signature: signature,
                    joinProof: nil)),
            .challenge(
                Challenge(
                    node: node, nonce: digest, card: card, time: time, signature: signature,
                    joinProof: digest)),
            .admissions([]), .admissions(admissions), .outcomes([]), .outcomes(outcomes),
            .page(Page(next: cursor, isEnd: true, events: events)),
            .page(Page(next: cursor, isEnd: false, events: Batch())),
            .message([], .missesBodies), .message([1, 2], []),
            .events(events), .events(Batch()), .status(status), .refused(Refusal(.busy)),
        ]
    }

    @Test(arguments: requests.indices)
    func aRequestComesBackAsItWas(_ place: Int) throws {
        let request = Self.requests[place]
        #expect(try Request(decoding: request.encoded()) == request)
    }

    @Test(arguments: responses.indices)
    func aResponseComesBackAsItWas(_ place: Int) throws {
        let response = Self.responses[place]
        #expect(try Response(decoding: response.encoded()) == response)
    }

    @Test(arguments: requests.indices)
    func aRequestCutOrContinuedIsRefused(_ place: Int) {
        let bytes = Self.requests[place].encoded()
        for end in bytes.indices {
            #expect(
                attempt({ try Request(decoding: Array(bytes[..<end])) }) == nil, "cut at \(end)")
        }
        #expect(attempt({ try Request(decoding: bytes + [0]) }) == nil)
    }

    @Test(arguments: responses.indices)
    func aResponseCutOrContinuedIsRefused(_ place: Int) {
        let bytes = Self.responses[place].encoded()
        for end in bytes.indices {
            #expect(
                attempt({ try Response(decoding: Array(bytes[..<end])) }) == nil, "cut at \(end)")
        }
        #expect(attempt({ try Response(decoding: bytes + [0]) }) == nil)
    }

    @Test(arguments: [
        "", "80", "8118ff", "810b", "81187f", "8120", "8161aa", "8180", "f6", "00", "a0", "810a00",
        "820800", "8204f600", "8204f5", "820400", "82048200", "8204824100", "9f08ff", "811808",
        "8306410041", "83064800000000000000004100ff", "83064700000000000000410a", "82071901",
        "82075820", "8207a0", "8202f6",
    ])
    func malformedRequestsAreRefused(_ hex: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(attempt({ try Request(decoding: bytes) }) == nil, "\(hex)")
    }

    @Test func everyWrongTagIsRefused() {
        for (place, request) in Self.requests.enumerated() {
            var bytes = request.encoded()
            bytes[1] = 0x17
            #expect(attempt({ try Request(decoding: bytes) }) == nil, "request \(place)")
        }
        for (place, response) in Self.responses.enumerated() {
            var bytes = response.encoded()
            bytes[1] = 0x17
            #expect(attempt({ try Response(decoding: bytes) }) == nil, "response \(place)")
        }
    }

    @Test(arguments: Seeds.upTo(10))
    func whateverIsReadIsWrittenIdentically(seed: UInt64) {
        var dice = Dice(seed: seed)
        let requests = Self.requests.map { $0.encoded() }
        let responses = Self.responses.map { $0.encoded() }
        for _ in 0..<400 {
            var bytes = requests[dice.below(requests.count)]
            bytes[dice.below(bytes.count)] = UInt8(truncatingIfNeeded: dice.next())
            if let read = attempt({ try Request(decoding: bytes) }), !read.hasMalformed {
                #expect(read.encoded() == bytes, "seed \(seed): \(Hex.encode(bytes))")
            }
            bytes = responses[dice.below(responses.count)]
            bytes[dice.below(bytes.count)] = UInt8(truncatingIfNeeded: dice.next())
            if let read = attempt({ try Response(decoding: bytes) }), !read.losesWords {
                #expect(read.encoded() == bytes, "seed \(seed): \(Hex.encode(bytes))")
            }
        }
    }

    @Test func oneMalformedEventOfABatchIsCountedByItsPlace() throws {
        let origin = Origin(7)
        let good = origin.events(4)
        var bytes: [UInt8] = [0x82, 0x02, 0x86]
        // A header that is not canonical, and something that is no event at all.
        let bad: [UInt8] = [0x83, 0x42, 0x18, 0x00, 0x58, 64] + Self.signature + [0xf6]
        for piece in [good[0].encoded(), bad, good[1].encoded(), good[2].encoded(), [0x07]] {
            bytes += piece
        }
        bytes += good[3].encoded()
        guard case .push(let batch) = try Request(decoding: bytes) else {
            Issue.record("a push is a push")
            return
        }
        #expect(batch.events == good)
        #expect(batch.malformed == [1, 4])
        #expect(batch.count == 6)
    }

    @Test func aBatchHasAtMostAThousandEvents() {
        func request(_ count: Int) -> [UInt8] {
            let head: [UInt8] = [0x82, 0x02, 0x99, UInt8(count >> 8), UInt8(count & 255)]
            return head + [UInt8](repeating: 0xf6, count: count)
        }
        #expect(attempt({ try Request(decoding: request(1000)) }) != nil)
        #expect(attempt({ try Request(decoding: request(1001)) }) == nil)
    }

    @Test func aMessageBeyondTheLimitIsRefusedUnread() {
        let bytes = [UInt8](repeating: 0x81, count: MessageLimits.messageBytes + 1)
        #expect(throws: CBORError.outOfRange) { _ = try Request(decoding: bytes) }
        #expect(throws: CBORError.outOfRange) { _ = try Response(decoding: bytes) }
        let large = Request.reconcile(
            session: 1, message: [UInt8](repeating: 0, count: MessageLimits.reconcileBytes + 1))
        #expect(attempt({ try Request(decoding: large.encoded()) }) == nil)
    }

    @Test func aCardsBoundsHold() {
        func isRead(_ card: NodeCard) -> Bool {
            let introduction = Introduction(
                node: Self.node, nonce: Self.digest, card: card, time: Self.time)
            return attempt({ try Request(decoding: Request.introduce(introduction).encoded()) })
                != nil
        }
        let text = String(repeating: "x", count: 65)
        let endpoint = String(repeating: "x", count: 301)
        #expect(isRead(NodeCard(label: String(text.dropLast()), endpoints: [])))
        #expect(!isRead(NodeCard(label: text, endpoints: [])))
        #expect(isRead(NodeCard(label: "", endpoints: [String(endpoint.dropLast())])))
        #expect(!isRead(NodeCard(label: "", endpoints: [endpoint])))
        #expect(!isRead(NodeCard(label: "", endpoints: [""])))
        #expect(isRead(NodeCard(label: "", endpoints: Array(repeating: "x", count: 8))))
        #expect(!isRead(NodeCard(label: "", endpoints: Array(repeating: "x", count: 9))))
        #expect(!isRead(NodeCard(versions: [], label: "", endpoints: [])))
        #expect(!isRead(NodeCard(versions: [0], label: "", endpoints: [])))
        #expect(!isRead(NodeCard(versions: [2, 1], label: "", endpoints: [])))
        #expect(!isRead(NodeCard(versions: [1, 1], label: "", endpoints: [])))
        #expect(!isRead(NodeCard(versions: Array(1...17), label: "", endpoints: [])))
    }

    @Test(arguments: ["x", "é", "水", "👩‍👩‍👧‍👦", "e\u{301}\u{302}\u{303}"])
    func aRefusalIsReadWhateverItSays(_ letter: String) throws {
        let refusal = Refusal(
            .busy, String(repeating: letter, count: 2000), retryAfter: .seconds(1))
        let read = try Response(decoding: Response.refused(refusal).encoded())
        #expect(read.refusal == .busy)
    }

    @Test func aRefusalIsReadWhateverItsWait() throws {
        for wait in [Duration.zero, .seconds(-5), .seconds(1 << 40)] {
            let refusal = Refusal(.busy, "later", retryAfter: wait)
            #expect(try Response(decoding: Response.refused(refusal).encoded()).refusal == .busy)
        }
    }

    @Test func aCodeOfALaterVersionStillRefuses() throws {
        let bytes: [UInt8] = [0x84, 0x07, 0x63] + Array("new".utf8) + [0x60, 0xf6]
        #expect(try Response(decoding: bytes).refusal != nil)
        let outcomes: [UInt8] = [0x82, 0x02, 0x81, 0x63] + Array("new".utf8)
        guard case .outcomes(let read) = try Response(decoding: outcomes) else {
            Issue.record("outcomes are outcomes")
            return
        }
        #expect(read.count == 1)
        #expect(read.allSatisfy { if case .refused = $0 { true } else { false } })
    }
}

extension Request {
    /// Unreadable events are not kept, so they can't be written again.
    fileprivate var hasMalformed: Bool {
        if case .push(let batch) = self { !batch.malformed.isEmpty } else { false }
    }
}

extension Response {
    /// Codes of later versions are read as `malformed`; unreadable events are not kept.
    fileprivate var losesWords: Bool {
        switch self {
        case .page(let page): !page.events.malformed.isEmpty
        case .events(let batch): !batch.malformed.isEmpty
        case .outcomes, .refused: true
        default: false
        }
    }
}
