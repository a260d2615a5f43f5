import Core
import Federation

extension Settings {
    /// Does nothing by itself.
    static var manual: Settings {
        Settings(label: "node", policy: .knowing(40), isAutomatic: false)
    }

    static var automatic: Settings { Settings(label: "node", policy: .knowing(40)) }
}

extension Policy {
    /// Admits the events of the nodes called 1 to `count`, whoever they are to it.
    static func knowing(_ count: UInt8) -> Policy {
        Policy(origins: Set((1...count).map { Node.key($0).node }))
    }
}

extension Draft {
    static func say(_ text: String) -> Draft {
        Draft(author: .assistant, kind: "message.post", body: Array(text.utf8))
    }
}

extension Author {
    static var assistant: Author {
        guard let author = Author(role: .ai, name: "assistant-1") else {
            preconditionFailure("the name is in the grammar")
        }
        return author
    }

    static func human(_ name: String) -> Author {
        guard let author = Author(role: .human, name: name) else {
            preconditionFailure("the name is in the grammar")
        }
        return author
    }
}

extension PeerRecord {
    /// A peer that both sides approved.
    static func active(_ name: UInt8, cursor: Cursor? = nil) -> PeerRecord {
        PeerRecord(
            node: Node.key(name).node, state: .active, approval: .byOperator, isApprovedThere: true,
            endpoints: ["https://n\(name)"], label: "n\(name)", cursor: cursor)
    }

    static func of(_ name: UInt8, _ state: State) -> PeerRecord {
        PeerRecord(node: Node.key(name).node, state: state, endpoints: ["https://n\(name)"])
    }
}

/// Makes events of a node that is not under test.
final class Origin {
    let key: SecretKey
    private(set) var sequence: UInt64 = 0
    private(set) var previous: EventID?

    init(_ name: UInt8) { key = Node.key(name) }

    /// The next event of the chain, made when the wall clock read `wall`.
    func event(
        _ text: String = "hello", at wall: WallTime = WallTime(microseconds: 1_699_999_999_000_000)
    ) -> Event {
        sequence += 1
        let event = Origin.event(key, sequence, previous, text, at: wall)
        previous = event.id
        return event
    }

    func events(_ count: Int) -> [Event] { (0..<count).map { event("event \($0)") } }

    static func event(
        _ key: SecretKey, _ sequence: UInt64, _ previous: EventID?, _ text: String,
        at wall: WallTime, scope: [UInt8] = []
    ) -> Event {
        let body = Body(
            salt: Array(SHA256.hash(Array(text.utf8), as: Digest.self).bytes[..<16]),
            bytes: Array(text.utf8))
        let time = Timestamp(
            physical: wall.microseconds, counter: UInt16(truncatingIfNeeded: sequence))
        let header = Header(
            origin: key.node, scope: scope, sequence: sequence, previous: previous, time: time,
            author: .assistant, kind: "message.post", bodyLength: body.bytes.count,
            bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }
}

extension Event {
    /// The same header under a signature that holds nowhere.
    func withForgedSignature() throws -> Event {
        var forged = signature
        forged[40] ^= 1
        return try Event(headerBytes: headerBytes, signature: forged, body: body)
    }

    var withoutBody: Event {
        var event = self
        event.body = nil
        return event
    }
}

extension Response {
    var refusal: RefusalCode? { if case .refused(let refusal) = self { refusal.code } else { nil } }
    var page: Page? { if case .page(let page) = self { page } else { nil } }
}
