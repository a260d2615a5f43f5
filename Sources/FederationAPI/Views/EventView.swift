public import Core

/// An event for people and programs that read JSON; derived from its bytes, never hashed.
public struct EventView: Codable, Hashable, Sendable {
    /// A hybrid logical clock's reading.
    public struct Time: Codable, Hashable, Sendable {
        /// Microseconds since 1970.
        public var physical: UInt64
        public var counter: UInt16
        /// `physical` in RFC 3339.
        public var text: String
    }

    public var id: String
    public var origin: String
    /// Hexadecimal; empty for the common log.
    public var scope: String
    public var sequence: UInt64
    public var previous: String?
    public var time: Time
    public var parents: [String]
    /// `role:name@origin`.
    public var author: String
    /// "proved" where the author's own device signed, which the log checked when it took the event;
    /// else "unproved".
    public var authorProof: String
    public var kind: String
    public var bodyLength: Int
    public var bodyHash: String
    /// The body as text, where it is UTF-8.
    public var body: String?
    /// The body in base64url, where it is not.
    public var bodyBase64: String?
    /// The body's salt in base64url; absent with the body.
    public var salt: String?
    /// True where the body is not held.
    public var bodyMissing: Bool?
    /// The header's bytes in base64url: what is hashed and signed.
    public var raw: String
    /// The origin's signature in base64url.
    public var signature: String

    public init(_ event: Event) {
        let header = event.header
        id = event.id.hex
        origin = header.origin.hex
        scope = Hex.encode(header.scope)
        sequence = header.sequence
        previous = header.previous?.hex
        time = Time(
            physical: header.time.physical, counter: header.time.counter,
            text: ViewJSON.time(header.time.physical))
        parents = header.parents.map(\.hex)
        author = "\(header.author)@\(header.origin.hex)"
        authorProof = header.authorProof == nil ? "unproved" : "proved"
        kind = header.kind
        bodyLength = header.bodyLength
        bodyHash = header.bodyHash.hex
        raw = Base64URL.encode(event.headerBytes)
        signature = Base64URL.encode(event.signature)
        guard let bytes = event.body?.bytes else {
            bodyMissing = true
            return
        }
        salt = event.body.map { Base64URL.encode($0.salt) }
        body = String(validating: bytes, as: UTF8.self)
        if body == nil { bodyBase64 = Base64URL.encode(bytes) }
    }
}
