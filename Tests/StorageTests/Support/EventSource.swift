import Core
import Testing

/// Makes signed events: some origins, two scopes, chains without gaps, all drawn from one seed.
struct EventSource {
    var dice: Dice
    let keys: [SecretKey]
    private var heads: [Chain: (sequence: UInt64, id: EventID)] = [:]
    private var time: UInt64 = 1_700_000_000_000_000

    private struct Chain: Hashable {
        var origin: NodeID
        var scope: [UInt8]
    }

    init(seed: UInt64, origins: Int = 4) {
        dice = Dice(seed: seed)
        keys = (1...origins).compactMap {
            SecretKey(seed: [UInt8](repeating: UInt8($0), count: 32))
        }
    }

    mutating func event(kind: String = "test.note", bodyBytes: Int? = nil) throws -> Event {
        let key = keys[dice.below(keys.count)]
        let scope: [UInt8] = dice.below(4) == 0 ? [1, 2] : []
        let chain = Chain(origin: key.node, scope: scope)
        time += UInt64(dice.below(1000))
        // Arrival order is not the order of the clocks.
        let physical = time - UInt64(dice.below(5000))
        let body = body(bodyBytes ?? dice.below(400))
        let header = Header(
            origin: key.node, scope: scope, sequence: (heads[chain]?.sequence ?? 0) + 1,
            previous: heads[chain]?.id,
            time: Timestamp(physical: physical, counter: UInt16(dice.below(3))),
            author: try #require(Author(role: .ai, name: "writer-\(dice.below(3))")), kind: kind,
            bodyLength: body.bytes.count, bodyHash: body.hash)
        let event = Event(signing: header, body: body, with: key)
        heads[chain] = (header.sequence, event.id)
        return event
    }

    mutating func entries(_ count: Int, from position: UInt64 = 1) throws -> [LogEntry] {
        try (0..<count).map { index in
            LogEntry(
                position: position + UInt64(index), event: try event(),
                sender: dice.below(2) == 0 ? nil : keys[dice.below(keys.count)].node)
        }
    }

    mutating func body(_ count: Int) -> Body {
        Body(salt: bytes(16), bytes: bytes(count))
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }

    mutating func id<Tag>() -> Identifier<Tag> {
        Identifier(words: dice.next(), dice.next(), dice.next(), dice.next())
    }

    mutating func logID() throws -> LogID { try #require(LogID(bytes: bytes(16))) }
}
