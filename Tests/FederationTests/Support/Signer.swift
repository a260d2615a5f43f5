import Core
import Federation

/// Signs events at any place of a chain, as the owner of a key can, or a thief of it.
struct Signer {
    let key: SecretKey

    init(_ name: UInt8) { key = Node.key(name) }

    var node: NodeID { key.node }

    func event(
        _ sequence: UInt64, after previous: EventID?, kind: String = "message.post",
        body bytes: [UInt8], at wall: WallTime = WallTime(microseconds: 1_699_999_999_000_000)
    ) -> Event {
        let salt = SHA256.hash(bytes + [UInt8(truncatingIfNeeded: sequence)], as: Digest.self)
        let body = Body(salt: Array(salt.bytes[..<16]), bytes: bytes)
        let time = Timestamp(
            physical: wall.microseconds, counter: UInt16(truncatingIfNeeded: sequence))
        let header = Header(
            origin: node, sequence: sequence, previous: previous, time: time, author: .assistant,
            kind: kind, bodyLength: bytes.count, bodyHash: body.hash)
        return Event(signing: header, body: body, with: key)
    }

    func post(_ sequence: UInt64, after previous: EventID?, _ text: String = "hello") -> Event {
        event(sequence, after: previous, body: Array(text.utf8))
    }

    func say(
        _ statement: Statement, _ sequence: UInt64, after previous: EventID?
    ) -> Event {
        event(sequence, after: previous, kind: statement.kind, body: statement.encoded())
    }
}

/// A chain that grows at its end.
final class Chronicle {
    let signer: Signer
    private(set) var events: [Event] = []

    init(_ name: UInt8) { signer = Signer(name) }

    var node: NodeID { signer.node }
    var last: Event? { events.last }
    /// Through the last event.
    var cut: Cut { cut(events.count) }

    /// Through the event at `sequence`; nothing for 0.
    func cut(_ sequence: Int) -> Cut {
        sequence == 0 ? .nothing : Cut(through: events[sequence - 1].id, at: UInt64(sequence))
    }

    @discardableResult
    func post(_ text: String = "hello") -> Event {
        add(signer.post(UInt64(events.count + 1), after: last?.id, text))
    }

    @discardableResult
    func posts(_ count: Int) -> [Event] { (0..<count).map { post("post \($0)") } }

    @discardableResult
    func say(_ statement: Statement) -> Event {
        add(signer.say(statement, UInt64(events.count + 1), after: last?.id))
    }

    private func add(_ event: Event) -> Event {
        events.append(event)
        return event
    }
}

extension Statement {
    /// A rotation to the node called `successor`, with a proof that holds.
    static func rotation(from old: UInt8, to successor: UInt8) -> Statement {
        let message = Statement.rotationMessage(from: Node.key(old).node)
        return .rotate(
            successor: Node.key(successor).node, proof: Node.key(successor).sign(message))
    }
}

extension Cut {
    /// Through this event.
    init(through event: Event) { self.init(through: event.id, at: event.header.sequence) }
}
