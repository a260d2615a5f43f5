import Core

/// Who holds the places of a server's connections.
///
/// A connection is a stranger's until a request on it was proven to be an active peer's, and again
/// after one that did not hold. A newcomer always gets a place: where there is none, a stranger has
/// to go, the one that came first among those from the address that holds most. So strangers can't
/// keep peers out, however many they are; and because the last `newcomers` places are never given
/// to peers for good, peers can't keep each other out either.
struct ConnectionRoom<ID: Hashable & Sendable>: Sendable {
    private struct Stranger: Sendable {
        var id: ID
        var address: SourceAddress
    }

    private let limits: ServerLimits
    /// In the order of their coming.
    private var strangers: [Stranger] = []
    private var byAddress: [SourceAddress: Int] = [:]
    private var proven: [ID: (node: NodeID, address: SourceAddress)] = [:]
    private var byNode: [NodeID: Int] = [:]

    init(_ limits: ServerLimits) { self.limits = limits }

    /// All connections.
    var count: Int { strangers.count + proven.count }

    /// Whether the connection is a peer's at present.
    func isProven(_ id: ID) -> Bool { proven[id] != nil }

    /// Takes a connection in; gives the one that has to go for it, which must be closed. It may be
    /// the newcomer itself, where all places are taken by peers for good.
    mutating func enter(_ id: ID, from address: SourceAddress) -> ID? {
        let cap = limits.address.connections(from: address)
        let loser: Stranger?
        if byAddress[address, default: 0] >= cap {
            loser = strangers.first { $0.address == address }
        } else if count >= limits.connections {
            guard !strangers.isEmpty else { return id }
            let most = byAddress.values.max()
            loser = strangers.first { byAddress[$0.address] == most }
        } else {
            loser = nil
        }
        if let loser { leave(loser.id) }
        add(id, address)
        return loser?.id
    }

    /// A request of an active peer held on this connection. Beyond its share it stays a stranger's,
    /// which is no harm until places are short.
    mutating func prove(_ id: ID, _ node: NodeID) {
        guard proven[id] == nil, proven.count < limits.connections - limits.newcomers,
            byNode[node, default: 0] < limits.connectionsPerPeer,
            let place = strangers.firstIndex(where: { $0.id == id })
        else { return }
        let stranger = strangers.remove(at: place)
        forget(stranger.address)
        proven[id] = (node, stranger.address)
        byNode[node, default: 0] += 1
    }

    /// A request on this connection did not hold: it is a stranger's again.
    mutating func doubt(_ id: ID) {
        guard let (node, address) = proven.removeValue(forKey: id) else { return }
        forget(node)
        add(id, address)
    }

    /// The connection is closed.
    mutating func leave(_ id: ID) {
        if let (node, _) = proven.removeValue(forKey: id) {
            forget(node)
        } else if let place = strangers.firstIndex(where: { $0.id == id }) {
            forget(strangers.remove(at: place).address)
        }
    }

    private mutating func add(_ id: ID, _ address: SourceAddress) {
        strangers.append(Stranger(id: id, address: address))
        byAddress[address, default: 0] += 1
    }

    private mutating func forget(_ address: SourceAddress) {
        let left = byAddress[address, default: 1] - 1
        byAddress[address] = left == 0 ? nil : left
    }

    private mutating func forget(_ node: NodeID) {
        let left = byNode[node, default: 1] - 1
        byNode[node] = left == 0 ? nil : left
    }
}
