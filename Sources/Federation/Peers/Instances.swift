import Core

/// Which running process of a peer speaks: two at a time mean that its key was copied.
struct Instances: Sendable {
    /// One that another one has taken over from.
    private struct Replaced: Sendable {
        var instance: UInt64
        var at: Instant
    }

    private var current: UInt64?
    private var replaced: [Replaced] = []
    private static let remembered = 8

    /// Notes who speaks. True where a process speaks again after another one took over: a restart
    /// never comes back.
    mutating func note(_ instance: UInt64, _ now: Instant) -> Bool {
        guard instance != current else { return false }
        let old = replaced.first { $0.instance == instance }
        replaced.removeAll { $0.instance == instance }
        if let current {
            replaced.append(Replaced(instance: current, at: now))
            if replaced.count > Self.remembered { replaced.removeFirst() }
        }
        current = instance
        // Requests of a process that just ended may be overtaken by its successor's first ones.
        return old.map { now - $0.at > EngineLimits.overtaking } ?? false
    }
}

/// Noticing that a key is in use twice, and telling.
extension Engine {
    mutating func noteInstance(
        _ instance: UInt64?, of node: NodeID, _ now: Instant, _ effects: inout [Effect]
    ) {
        guard let instance, peers[node]?.instances.note(instance, now) == true else { return }
        peers[node]?.keyTwiceUntil = now + EngineLimits.keyTwiceTold
        var bytes: [UInt8] = []
        bytes.append(bigEndian: instance)
        alarm(
            .duplicateKey, node,
            "two processes signed by turns; one of them is \(Hex.encode(bytes))", &effects)
    }

    /// What this node has to tell a peer in passing.
    func notices(for node: NodeID, _ now: Instant) -> Notices {
        var notices: Notices = []
        if missingBodyCount > 0 { notices.insert(.missesBodies) }
        guard let peer = peers[node] else { return notices }
        if let until = peer.keyTwiceUntil, until > now { notices.insert(.keyTwice) }
        if peer.isUnreachable { notices.insert(.unreachable) }
        return notices
    }

    /// What a peer has to tell.
    mutating func take(_ notices: Notices, from node: NodeID, _ effects: inout [Effect]) {
        peers[node]?.notices = notices
        guard notices.contains(.keyTwice) else { return }
        alarm(
            .ownKeyTwice, key.node,
            "peer \(node.hex) sees two running processes with this node's key", &effects)
    }
}
