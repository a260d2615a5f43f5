import Core

/// What the two sides of a naive session say: one byte of kind, then ids or a root.
enum NaiveMessage: Equatable {
    /// A piece of the sender's list; the last one says so.
    case ids([EventID], isLast: Bool)
    /// The next piece, please.
    case next
    /// The initiator wants what it lacks: the responder knows its whole list.
    case want
    /// Root of all that the sender holds after the exchange.
    case root(Digest)

    /// Ids in one message: below what a node takes in one message of a session.
    static let idsPerMessage = 30_000

    var encoded: [UInt8] {
        switch self {
        case .ids(let ids, let isLast):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(1 + 32 * ids.count)
            bytes.append(isLast ? 1 : 0)
            for id in ids { id.append(to: &bytes) }
            return bytes
        case .next: return [2]
        case .want: return [3]
        case .root(let root): return [4] + root.bytes
        }
    }

    /// Nil for anything that `encoded` does not write.
    init?(_ bytes: [UInt8]) {
        let rest = bytes.dropFirst()
        switch bytes.first {
        case 0, 1:
            guard rest.count % 32 == 0, rest.count <= 32 * Self.idsPerMessage else { return nil }
            let ids = stride(from: 1, to: bytes.count, by: 32).compactMap {
                EventID(bytes: bytes[$0..<$0 + 32])
            }
            self = .ids(ids, isLast: bytes[0] == 1)
        case 2 where rest.isEmpty: self = .next
        case 3 where rest.isEmpty: self = .want
        case 4:
            guard let root = Digest(bytes: rest) else { return nil }
            self = .root(root)
        default: return nil
        }
    }
}

/// One side's list, on its way piece by piece.
struct NaiveList: Sendable {
    let keys: [EventKey]
    private var sent = 0

    init(_ keys: [EventKey]) { self.keys = keys }

    mutating func next() -> NaiveMessage {
        let end = min(keys.count, sent + NaiveMessage.idsPerMessage)
        defer { sent = end }
        return .ids(keys[sent..<end].map(\.id), isLast: end == keys.count)
    }

    /// Keys whose ids are not in `ids`, ascending.
    func without(_ ids: [EventID]) -> [EventKey] {
        let known = Set(ids)
        return keys.filter { !known.contains($0.id) }
    }
}
