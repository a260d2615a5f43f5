public import Core
public import MerkleSearchTree

/// What a reconcile session took, from the side that began it.
public struct SessionAccount: Hashable, Sendable {
    /// How the difference was found.
    public var method = ReconcileMethod.equal
    /// Sessions in a row: more than 1 where a hash had collided.
    public var attempts = 1
    /// Bytes of the session's messages, with the requests for events and the proof, without the
    /// events.
    public var sentBytes = 0
    public var receivedBytes = 0
    /// Until the difference was known; messages that went at once count as one.
    public var roundTrips = 0
    /// What the lists of 32-byte ids of both sides would have taken.
    public var naiveBytes = 0
    /// What the network carried for these messages: HTTP headers and TLS included, handshakes too.
    public var wire = WireBytes()
    /// What it carried for the events and their acknowledgements.
    public var eventWire = WireBytes()

    public init() {}

    /// `method` as text, for those who don't know the tree.
    public var methodName: String { method.rawValue }
}

/// Bytes on a connection, below TLS, as far as this node sees them; TCP and IP are not in them.
public struct WireBytes: Hashable, Sendable {
    public var sent: Int
    public var received: Int

    public init(sent: Int = 0, received: Int = 0) {
        self.sent = sent
        self.received = received
    }

    public static func += (a: inout Self, b: Self) {
        a.sent += b.sent
        a.received += b.received
    }
}

/// A session that has ended with a verdict.
public struct SessionRecord: Hashable, Sendable {
    public var at: WallTime
    public var verdict: Comparison.Verdict
    public var account: SessionAccount
}
