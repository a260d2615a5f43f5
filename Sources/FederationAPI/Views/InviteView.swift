/// Body of `POST /api/federation/invites`.
public struct InviteBody: Codable, Hashable, Sendable {
    /// How long the invite is good.
    public var seconds: Int

    public init(seconds: Int) { self.seconds = seconds }
}

/// An invite that was made, or that somebody accepts: body of `POST /api/federation/join`.
public struct InviteView: Codable, Hashable, Sendable {
    /// The inviting node.
    public var node: String
    /// Where it can be reached.
    public var endpoints: [String]
    /// Names the invite: 16 hexadecimal digits.
    public var invite: String
    /// 32 hexadecimal digits; whoever has them may join.
    public var secret: String
    /// Seconds since 1970.
    public var expires: UInt64

    public init(
        node: String, endpoints: [String], invite: String, secret: String, expires: UInt64
    ) {
        self.node = node
        self.endpoints = endpoints
        self.invite = invite
        self.secret = secret
        self.expires = expires
    }
}

/// What a new peer would be given.
public struct ExposureView: Codable, Hashable, Sendable {
    public var events: UInt64
    /// Events by kind.
    public var kinds: [String: UInt64]
    /// Events by author, `role:name`.
    public var authors: [String: UInt64]
    public var origins: Int
    /// Bytes of bodies.
    public var bytes: UInt64

    public init(
        events: UInt64, kinds: [String: UInt64], authors: [String: UInt64], origins: Int,
        bytes: UInt64
    ) {
        self.events = events
        self.kinds = kinds
        self.authors = authors
        self.origins = origins
        self.bytes = bytes
    }
}
