public import Core

/// What one sync with one peer did.
public struct SyncView: Codable, Hashable, Sendable {
    public var peer: String
    /// "pull", "reconcile" …
    public var method: String
    public var eventsReceived: UInt64
    public var eventsSent: UInt64
    /// Whether both logs are equal now; absent where they were not compared.
    public var equal: Bool?
    /// Why they are not equal, or were not compared.
    public var reason: String?
    /// In all, but for requests that went at once.
    public var roundTrips: Int
    /// What the comparison took; absent where there was none.
    public var session: SessionView?

    public init(
        peer: NodeID, method: String, eventsReceived: UInt64, eventsSent: UInt64, equal: Bool?,
        reason: String?, roundTrips: Int, session: SessionView? = nil
    ) {
        self.peer = peer.hex
        self.method = method
        self.eventsReceived = eventsReceived
        self.eventsSent = eventsSent
        self.equal = equal
        self.reason = reason
        self.roundTrips = roundTrips
        self.session = session
    }
}

/// Body of `POST /api/federation/peers`.
public struct AddPeerBody: Codable, Hashable, Sendable {
    public var url: String

    public init(url: String) { self.url = url }
}

/// Body of `POST /api/federation/sync`.
public struct SyncBody: Codable, Hashable, Sendable {
    /// Absent: every active peer.
    public var peer: String?

    public init(peer: String? = nil) { self.peer = peer }
}

/// The answer where there is nothing else to say.
public struct DoneView: Codable, Hashable, Sendable {
    public var done: Bool

    public init() { done = true }
}
