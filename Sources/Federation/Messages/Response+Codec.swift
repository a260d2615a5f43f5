public import Core

extension Response {
    private enum Tag: UInt64 {
        case challenge, registration, outcomes, page, message, events, status, refused
        case admissions
    }

    /// `[tag, fields…]` in deterministic CBOR.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        func head(_ tag: Tag, _ fields: Int) {
            writer.array(fields + 1)
            writer.unsigned(tag.rawValue)
        }
        switch self {
        case .challenge(let challenge):
            head(.challenge, 6)
            writer.data(challenge.node)
            writer.data(challenge.nonce)
            challenge.card.write(to: &writer)
            writer.unsigned(min(challenge.time.microseconds, Limits.integer))
            writer.data(challenge.signature)
            writer.optional(challenge.joinProof) { $0.data($1) }
        case .registration(let state):
            head(.registration, 3)
            writer.text(state.state.rawValue)
            writer.boolean(state.isApproved)
            writer.unsigned(state.notices.rawValue)
        case .outcomes(let outcomes):
            head(.outcomes, 1)
            writer.array(outcomes.count)
            for outcome in outcomes { outcome.write(to: &writer) }
        case .page(let page):
            head(.page, 3)
            writer.cursor(page.next)
            writer.boolean(page.isEnd)
            page.events.write(to: &writer)
        case .message(let message, let notices):
            head(.message, 2)
            writer.data(message)
            writer.unsigned(notices.rawValue)
        case .events(let events):
            head(.events, 1)
            events.write(to: &writer)
        case .status(let status):
            head(.status, 5)
            writer.data(status.log.bytes)
            writer.unsigned(status.position)
            writer.unsigned(status.eventCount)
            writer.data(status.root)
            writer.unsigned(status.missingBodies)
        case .refused(let refusal):
            head(.refused, 3)
            writer.text(refusal.code.rawValue)
            let detail = refusal.detail.unicodeScalars.prefix(MessageLimits.detailCharacters)
            writer.text(String(String.UnicodeScalarView(detail)))
            writer.optional(refusal.retryAfter) { writer, wait in
                writer.unsigned(min(UInt64(clamping: wait.microseconds), Limits.integer))
            }
        case .admissions(let list):
            head(.admissions, 1)
            writer.admissions(list)
        }
        return writer.bytes
    }

    /// Reads one encoded response.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        guard bytes.count <= MessageLimits.messageBytes else { throw .outOfRange }
        var reader = CBORReader(bytes)
        let fields = try reader.array(1...7) - 1
        guard let tag = Tag(rawValue: try reader.unsigned()) else { throw .outOfRange }
        self = try Self.read(tag, fields, from: &reader)
        try reader.finish()
    }

    private static func read(
        _ tag: Tag, _ fields: Int, from reader: inout CBORReader
    ) throws(CBORError) -> Response {
        func expect(_ count: Int) throws(CBORError) {
            guard fields == count else { throw .outOfRange }
        }
        switch tag {
        case .challenge:
            try expect(6)
            return .challenge(
                Challenge(
                    node: try reader.identifier(), nonce: try reader.identifier(),
                    card: try NodeCard(from: &reader),
                    time: WallTime(microseconds: try reader.unsigned()),
                    signature: try reader.data(64...64),
                    joinProof: try reader.optional { r throws(CBORError) in try r.identifier() }))
        case .registration:
            try expect(3)
            let name = try reader.text(1...Limits.nameBytes)
            guard let state = PeerRecord.State(rawValue: name) else { throw .outOfRange }
            return .registration(
                RegistrationState(
                    state: state, isApproved: try reader.boolean(),
                    notices: Notices(rawValue: try reader.unsigned())))
        case .outcomes:
            try expect(1)
            var outcomes: [Outcome] = []
            for _ in 0..<(try reader.array(0...Limits.batchEvents)) {
                outcomes.append(try Outcome(from: &reader))
            }
            return .outcomes(outcomes)
        case .page:
            try expect(3)
            return .page(
                Page(
                    next: try reader.cursor(), isEnd: try reader.boolean(),
                    events: try Batch(from: &reader)))
        case .message:
            try expect(2)
            return .message(try reader.message(), Notices(rawValue: try reader.unsigned()))
        case .events:
            try expect(1)
            return .events(try Batch(from: &reader))
        case .status:
            try expect(5)
            return .status(try PeerStatus(from: &reader))
        case .refused:
            try expect(3)
            return .refused(try Refusal(from: &reader))
        case .admissions:
            try expect(1)
            return .admissions(try reader.admissions())
        }
    }
}

extension Outcome {
    /// 0 stored, 1 already held, 2 set aside, or the code of a refusal as text.
    func write(to writer: inout CBORWriter) {
        switch self {
        case .stored: writer.unsigned(0)
        case .alreadyHeld: writer.unsigned(1)
        case .setAside: writer.unsigned(2)
        case .refused(let code): writer.text(code.rawValue)
        }
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        var attempt = reader
        // Where it is not text, it is a number.
        if let code = try? attempt.text(1...Limits.nameBytes) {
            reader = attempt
            // A code of a later version still says: refused.
            self = .refused(RefusalCode(rawValue: code) ?? .malformed)
            return
        }
        switch try reader.unsigned(in: 0...2) {
        case 0: self = .stored
        case 1: self = .alreadyHeld
        default: self = .setAside
        }
    }
}

extension PeerStatus {
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        guard let log = LogID(bytes: try reader.data(16...16)) else { throw .outOfRange }
        self.init(
            log: log, position: try reader.unsigned(), eventCount: try reader.unsigned(),
            root: try reader.identifier(), missingBodies: try reader.unsigned())
    }
}

extension Refusal {
    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        let code = try reader.text(1...Limits.nameBytes)
        detail = try reader.text(0...4 * MessageLimits.detailCharacters)
        let wait = try reader.optional { r throws(CBORError) in try r.unsigned() }
        retryAfter = wait.map { .microseconds(Int64($0)) }
        self.code = RefusalCode(rawValue: code) ?? .malformed
    }
}
