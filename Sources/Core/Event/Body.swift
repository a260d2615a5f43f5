/// What an event says: opaque bytes, and the salt that keeps a removed body from being guessed by
/// its hash.
public struct Body: Hashable, Sendable {
    /// 16 random bytes.
    public var salt: [UInt8]
    /// 0 to 65,536 bytes; empty is not the same as missing.
    public var bytes: [UInt8]

    public init(salt: [UInt8], bytes: [UInt8]) {
        self.salt = salt
        self.bytes = bytes
    }

    /// SHA-256("teambook-body-v1\0" || salt || bytes).
    public var hash: Digest {
        var hash = SHA256()
        hash.update("teambook-body-v1\0")
        hash.update(salt)
        hash.update(bytes)
        return hash.finish()
    }
}
