/// One signed, immutable record.
///
/// The bytes that were signed are kept as they came: they are what is hashed, verified, stored and
/// sent on. A body may be missing (nil), which never changes id, signature or chain.
public struct Event: Hashable, Sendable {
    /// SHA-256 of `headerBytes`.
    public let id: EventID
    public let header: Header
    public let headerBytes: [UInt8]
    /// Ed25519 by the origin over "teambook-event-v1\0" || headerBytes; not part of the id.
    public let signature: [UInt8]
    public var body: Body?

    /// Takes header bytes apart. Throws where they are not canonical; says nothing about the
    /// signature.
    public init(headerBytes: [UInt8], signature: [UInt8], body: Body?) throws(CBORError) {
        header = try Header(decoding: headerBytes)
        id = SHA256.hash(headerBytes)
        self.headerBytes = headerBytes
        self.signature = signature
        self.body = body
    }

    /// Signs `header` with `key`, which must be its origin's.
    public init(signing header: Header, body: Body, with key: SecretKey) {
        precondition(header.origin == key.node, "an event is signed by its origin")
        self.header = header
        headerBytes = header.encoded()
        id = SHA256.hash(headerBytes)
        signature = key.sign(Event.signedBytes(headerBytes))
        self.body = body
    }

    /// Where the event stands in the tree.
    public var key: EventKey { EventKey(time: header.time, id: id) }

    /// What the origin signs.
    public static func signedBytes(_ headerBytes: [UInt8]) -> [UInt8] {
        Array("teambook-event-v1\0".utf8) + headerBytes
    }

    /// SHA-256(header || signature): names one verification. The id alone does not cover the
    /// signature.
    public var verificationKey: Digest {
        var hash = SHA256()
        hash.update(headerBytes)
        hash.update(signature)
        return hash.finish()
    }

    /// Whether the body that came is the one that was signed; true where none came.
    public var bodyMatches: Bool {
        guard let body else { return true }
        return body.bytes.count == header.bodyLength && body.hash == header.bodyHash
    }

    /// Whether header and origin signature, and the author's proof where there is one, hold under
    /// `Signature`'s rule. `isValidKey` may answer from memory: it costs as much as a verification,
    /// and each origin signs often.
    public func isSigned(
        isValidKey: (NodeID) -> Bool = Signature.isValidKey
    ) -> Bool {
        isValidKey(header.origin)
            && Signature.verifyWithValidKey(
                signature, of: Event.signedBytes(headerBytes), by: header.origin)
            && authorProofHolds(isValidKey)
    }

    private func authorProofHolds(_ isValidKey: (NodeID) -> Bool) -> Bool {
        guard let proof = header.authorProof else { return true }
        guard isValidKey(proof.deviceKey) else { return false }
        var writer = CBORWriter()
        writer.array(7)
        writer.data(header.origin)
        writer.data(header.scope)
        writer.array(2)
        writer.unsigned(UInt64(header.author.role.rawValue))
        writer.text(header.author.name)
        writer.text(header.kind)
        writer.data(header.bodyHash)
        writer.unsigned(proof.time)
        writer.data(proof.nonce)
        let message = Array("teambook-author-v1\0".utf8) + writer.bytes
        return Signature.verifyWithValidKey(
            proof.signature, of: message, by: proof.deviceKey)
    }
}

extension Event {
    /// Appends the wire form: `[header, originSignature, [salt, body] / null]`.
    public func write(to writer: inout CBORWriter) {
        writer.array(3)
        writer.data(headerBytes)
        writer.data(signature)
        writer.optional(body) { writer, body in
            writer.array(2)
            writer.data(body.salt)
            writer.data(body.bytes)
        }
    }

    /// The wire form alone.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(capacity: wireSize)
        write(to: &writer)
        return writer.bytes
    }

    /// Reads one wire form.
    public init(from reader: inout CBORReader) throws(CBORError) {
        try reader.array(exactly: 3)
        let headerBytes = try reader.data(1...Limits.headerBytes)
        let signature = try reader.data(64...64)
        let body = try reader.optional { r throws(CBORError) in
            try r.array(exactly: 2)
            return Body(
                salt: try r.data(Limits.saltBytes...Limits.saltBytes),
                bytes: try r.data(0...Limits.bodyBytes))
        }
        try self.init(headerBytes: headerBytes, signature: signature, body: body)
    }

    /// Reads exactly one wire form.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        try self.init(from: &reader)
        try reader.finish()
    }

    /// Bytes of the wire form, to within the few of its heads; never less.
    public var wireSize: Int {
        headerBytes.count + signature.count + (body.map { $0.bytes.count + 24 } ?? 1) + 6
    }
}
