import Core
public import Federation

/// What one comparison of two logs took, from the side that began it.
public struct SessionView: Codable, Hashable, Sendable {
    /// When it ended, RFC 3339.
    public var at: String?
    /// equal, equal-so-far, bodies-missing, different or equal-in-common.
    public var verdict: String?
    /// How the difference was found: equal, known, prefix, list, sketch or descent.
    public var method: String
    /// More than 1 where a hash had collided and the session began anew.
    public var attempts: Int
    /// Until the difference was known.
    public var roundTrips: Int
    /// The session's messages, without the events.
    public var messageBytesSent: Int
    public var messageBytesReceived: Int
    /// What the network carried for them: HTTP, TLS and handshakes too.
    public var wireBytesSent: Int
    public var wireBytesReceived: Int
    /// What it carried for the events.
    public var eventWireBytesSent: Int
    public var eventWireBytesReceived: Int
    /// What two lists of 32-byte ids, ours and the peer's, would have taken.
    public var naiveBytes: Int

    public init(_ account: SessionAccount) {
        method = account.methodName
        attempts = account.attempts
        roundTrips = account.roundTrips
        messageBytesSent = account.sentBytes
        messageBytesReceived = account.receivedBytes
        wireBytesSent = account.wire.sent
        wireBytesReceived = account.wire.received
        eventWireBytesSent = account.eventWire.sent
        eventWireBytesReceived = account.eventWire.received
        naiveBytes = account.naiveBytes
    }

    public init(_ record: SessionRecord) {
        self.init(record.account)
        at = ViewJSON.time(record.at.microseconds)
        verdict = record.verdict.rawValue
    }

    /// Both ways.
    public var messageBytes: Int { messageBytesSent + messageBytesReceived }
    /// Both ways.
    public var wireBytes: Int { wireBytesSent + wireBytesReceived }
    /// Both ways.
    public var eventWireBytes: Int { eventWireBytesSent + eventWireBytesReceived }
}
