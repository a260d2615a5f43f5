import Core
import Federation
import Gossip

/// What an attack sees of its node, and what it wants done.
struct Scene: Sendable {
    /// A link on which both ends are neighbors.
    struct Neighbor: Sendable {
        let link: LinkName
        let node: NodeID
        /// Bytes that the other side's socket still takes.
        let room: Int
    }

    /// What an attack wants done, beside what its engine does.
    enum Wish: Sendable {
        case put([LinkPiece], over: LinkName)
        case effect(Effect)
        /// Have the own engine hear something.
        case input(Input)
        /// Start again from an earlier state of the disk.
        case rollBack(MemoryLog)
    }

    let key: SecretKey
    let now: Instant
    /// When the node became dishonest.
    let since: Instant
    let wall: WallTime
    let log: MemoryLog
    let neighbors: [Neighbor]
    /// Active peers, ascending.
    let peers: [NodeID]
    /// Whom the attack is against, where it is against one.
    let victim: NodeID
    /// Others of the same kind, ascending.
    let accomplices: [NodeID]
    let seeds: Seeds
    var dice: Dice
    /// Numbers that the attack has used.
    var lastNumber: UInt64
    /// How often it did what no honest node does.
    private(set) var acts = 0
    private(set) var wishes: [Wish] = []

    /// Notes that something dishonest was done.
    mutating func acted(_ times: Int = 1) { acts += times }

    mutating func wish(_ wish: Wish) { wishes.append(wish) }

    /// Puts something on a link to a neighbor.
    mutating func put(_ pieces: [LinkPiece], over link: LinkName) {
        wishes.append(.put(pieces, over: link))
    }

    /// Asks a node something, not over a link; the answer comes to `hears` under this token.
    @discardableResult
    mutating func ask(_ node: NodeID, _ request: Request) -> Token {
        let token = Self.token(nextNumber())
        wishes.append(.effect(.send(token, to: Destination(node: node, endpoints: []), request)))
        return token
    }

    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Tokens of an attack; those of engines count from 1.
    static func token(_ number: UInt64) -> Token { Token(number: 1 << 62 | number) }

    /// Whether a token is an attack's own.
    static func isOwn(_ token: Token) -> Bool { token.number >= 1 << 62 }

    /// One of them, drawn; nil where there are none.
    mutating func draw<Value>(_ values: [Value]) -> Value? {
        values.isEmpty ? nil : values[dice.below(values.count)]
    }

    /// So many random bytes.
    mutating func noise(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }

    /// A random name of something that does not exist.
    mutating func nothing() -> Digest {
        Digest(words: dice.next(), dice.next(), dice.next(), dice.next())
    }

    /// The wall clock as a reading of a hybrid clock, so much ahead.
    func time(ahead: Duration = .zero, counter: UInt16 = 0) -> Timestamp {
        Timestamp(physical: (wall + ahead).microseconds, counter: counter)
    }

    /// The last event of an origin that the own log holds.
    func last(of origin: NodeID) -> Event? {
        log.entries.last { $0.event.header.origin == origin }?.event
    }

    /// A header with its body, as good as any of `origin`.
    mutating func draft(
        of origin: NodeID, _ sequence: UInt64, after previous: EventID?, at time: Timestamp,
        bytes: Int = 64
    ) -> (header: Header, body: Body)? {
        guard let author = Author(role: .ai, name: "adversary") else { return nil }
        let body = Body(salt: noise(Limits.saltBytes), bytes: noise(bytes))
        let header = Header(
            origin: origin, sequence: sequence,
            previous: sequence == 1 ? nil : previous ?? EventID(bytes: nothing().bytes),
            time: time, author: author, kind: "message.post", bodyLength: bytes,
            bodyHash: body.hash)
        return (header, body)
    }

    /// An event that `key` signs.
    mutating func event(
        by key: SecretKey, _ sequence: UInt64, after previous: EventID?, at time: Timestamp,
        bytes: Int = 64
    ) -> Event? {
        let draft = draft(of: key.node, sequence, after: previous, at: time, bytes: bytes)
        return draft.map { Event(signing: $0.header, body: $0.body, with: key) }
    }
}
