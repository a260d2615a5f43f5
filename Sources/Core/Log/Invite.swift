/// A single-use secret by which one node may register here without further approval.
public struct Invite: Hashable, Sendable {
    /// 8 random bytes, big-endian: names the invite; no secret.
    public var id: UInt64
    /// 16 random bytes.
    public var secret: [UInt8]
    /// Microseconds since 1970 from which on it is void.
    public var expires: UInt64
    /// The node that used it; nil while nobody has.
    public var usedBy: NodeID?

    public init(id: UInt64, secret: [UInt8], expires: UInt64, usedBy: NodeID? = nil) {
        self.id = id
        self.secret = secret
        self.expires = expires
        self.usedBy = usedBy
    }
}
