import Core

/// Which running processes of a peer have spoken: two at a time mean that its key was copied.
struct Instances: Sendable {
    private struct Seen: Sendable {
        var instance: UInt64
        /// When it spoke for the first time.
        var since: Instant
    }

    /// In the order of their first words.
    private var seen: [Seen] = []
    private static let remembered = 8

    /// Notes who speaks. True where a process speaks on although a later one has begun: one that
    /// was restarted never does.
    mutating func note(_ instance: UInt64, _ now: Instant) -> Bool {
        guard let place = seen.firstIndex(where: { $0.instance == instance }) else {
            seen.append(Seen(instance: instance, since: now))
            if seen.count > Self.remembered { seen.removeFirst() }
            return false
        }
        guard place + 1 < seen.count else { return false }
        // Requests of a process that just ended may be overtaken by its successor's first ones. It
        // is not looked at who spoke last: two copies end each other's streams, and so come by
        // turns faster than that.
        return now - seen[place + 1].since > EngineLimits.overtaking
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
