/// The signed part of an event, version 1 (docs/PROTOCOL.md, "Event").
public struct Header: Hashable, Sendable {
    /// 1; a later version appends fields and changes none of these.
    public var version: UInt64
    /// The node that signs.
    public var origin: NodeID
    /// 0 to 32 bytes, empty for the common log: the unit of access and of comparison.
    public var scope: [UInt8]
    /// Place in the chain of (origin, scope), from 1, without gaps.
    public var sequence: UInt64
    /// The id at `sequence` - 1; nil only at 1.
    public var previous: EventID?
    public var time: Timestamp
    /// At most 16 causal links, strictly ascending.
    public var parents: [EventID]
    public var author: Author
    public var authorProof: AuthorProof?
    /// 1 to 64 bytes of text, such as "message.post".
    public var kind: String
    /// Bytes of the body, at most 65,536.
    public var bodyLength: Int
    public var bodyHash: Digest

    public init(
        version: UInt64 = 1, origin: NodeID, scope: [UInt8] = [], sequence: UInt64,
        previous: EventID?, time: Timestamp, parents: [EventID] = [], author: Author,
        authorProof: AuthorProof? = nil, kind: String, bodyLength: Int, bodyHash: Digest
    ) {
        self.version = version
        self.origin = origin
        self.scope = scope
        self.sequence = sequence
        self.previous = previous
        self.time = time
        self.parents = parents
        self.author = author
        self.authorProof = authorProof
        self.kind = kind
        self.bodyLength = bodyLength
        self.bodyHash = bodyHash
    }
}

extension Header {
    private static let fieldCount = 12

    /// The canonical bytes, of which the id is the SHA-256. Only version 1 can be written.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(capacity: 320)
        writer.array(Self.fieldCount)
        writer.unsigned(version)
        writer.data(origin)
        writer.data(scope)
        writer.unsigned(sequence)
        writer.optional(previous) { $0.data($1) }
        writer.array(2)
        writer.unsigned(time.physical)
        writer.unsigned(UInt64(time.counter))
        writer.array(parents.count)
        for parent in parents { writer.data(parent) }
        writer.array(2)
        writer.unsigned(UInt64(author.role.rawValue))
        writer.text(author.name)
        writer.optional(authorProof) { writer, proof in
            writer.array(4)
            writer.data(proof.deviceKey)
            writer.unsigned(proof.time)
            writer.data(proof.nonce)
            writer.data(proof.signature)
        }
        writer.text(kind)
        writer.unsigned(bodyLength)
        writer.data(bodyHash)
        return writer.bytes
    }

    /// Reads canonical bytes. A header of a later version is read as far as version 1 goes, and its
    /// further fields only checked for form, so that an upgrade never splits a federation.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        guard bytes.count <= Limits.headerBytes else { throw .outOfRange }
        var reader = CBORReader(bytes)
        let fields = try reader.array(Self.fieldCount...256)
        version = try reader.unsigned(in: 1...Limits.integer)
        guard (version == 1) == (fields == Self.fieldCount) else { throw .outOfRange }
        origin = try reader.identifier()
        scope = try reader.data(0...Limits.scopeBytes)
        sequence = try reader.unsigned(in: 1...Limits.integer)
        previous = try reader.optional { r throws(CBORError) in try r.identifier() }
        guard (previous == nil) == (sequence == 1) else { throw .outOfRange }
        time = try Self.time(&reader)
        parents = try Self.parents(&reader)
        author = try Self.author(&reader)
        authorProof = try reader.optional { r throws(CBORError) in try Self.proof(&r) }
        kind = try reader.text(1...Limits.nameBytes)
        bodyLength = Int(try reader.unsigned(in: 0...UInt64(Limits.bodyBytes)))
        bodyHash = try reader.identifier()
        for _ in Self.fieldCount..<fields { _ = try reader.item(depth: 2) }
        try reader.finish()
    }

    private static func time(_ reader: inout CBORReader) throws(CBORError) -> Timestamp {
        try reader.array(exactly: 2)
        let physical = try reader.unsigned()
        let counter = try reader.unsigned(in: 0...UInt64(UInt16.max))
        return Timestamp(physical: physical, counter: UInt16(counter))
    }

    private static func parents(_ reader: inout CBORReader) throws(CBORError) -> [EventID] {
        var parents: [EventID] = []
        for _ in 0..<(try reader.array(0...Limits.parents)) {
            let parent = try reader.identifier(as: EventID.self)
            if let last = parents.last, last >= parent { throw .outOfRange }
            parents.append(parent)
        }
        return parents
    }

    private static func author(_ reader: inout CBORReader) throws(CBORError) -> Author {
        try reader.array(exactly: 2)
        let role = Author.Role(rawValue: UInt8(try reader.unsigned(in: 0...2)))
        let name = try reader.text(1...Limits.nameBytes)
        guard let role, let author = Author(role: role, name: name) else { throw .outOfRange }
        return author
    }

    private static func proof(_ reader: inout CBORReader) throws(CBORError) -> AuthorProof {
        try reader.array(exactly: 4)
        return AuthorProof(
            deviceKey: try reader.identifier(), time: try reader.unsigned(),
            nonce: try reader.data(16...16), signature: try reader.data(64...64))
    }
}
