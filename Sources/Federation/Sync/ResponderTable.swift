import Core

/// The sessions that others have begun here, and when each ends in silence: that is asked for after
/// every input, and a session is too large to be taken out for it.
struct ResponderTable: Sendable {
    private var sessions: [SessionName: ResponderSession] = [:]
    /// Of each session.
    private(set) var expiries: [SessionName: Instant] = [:]

    var count: Int { sessions.count }
    var keys: Dictionary<SessionName, Instant>.Keys { expiries.keys }

    subscript(name: SessionName) -> ResponderSession? {
        get { sessions[name] }
        _modify {
            yield &sessions[name]
            expiries[name] = sessions[name]?.expires
        }
    }

    /// The session that ends first, of all or of one peer's. O(sessions).
    func oldest(of peer: NodeID? = nil) -> SessionName? {
        expiries.filter { peer == nil || $0.key.peer == peer }.min {
            ($0.value, $0.key.peer, $0.key.number) < ($1.value, $1.key.peer, $1.key.number)
        }?.key
    }

    /// Sessions that one peer has begun. O(sessions).
    func count(of peer: NodeID) -> Int { expiries.keys.count { $0.peer == peer } }

    /// Forgets what is over by `now`.
    mutating func sweep(_ now: Instant) {
        for (name, due) in expiries where due <= now { self[name] = nil }
    }

    mutating func removeAll(of peer: NodeID) {
        for name in expiries.keys where name.peer == peer { self[name] = nil }
    }
}
