public import Core
public import Federation

/// An event that somebody wants to have made.
public struct PostDraft: Codable, Hashable, Sendable {
    /// `role:name`, such as "ai:assistant-1"; absent for the node itself.
    public var author: String?
    /// "message.post" where absent.
    public var kind: String?
    /// The body as text; either this or `bodyBase64`.
    public var body: String?
    /// The body in base64url.
    public var bodyBase64: String?
    /// Ids of causal links, in any order.
    public var parents: [String]?

    public init(
        author: String? = nil, kind: String? = nil, body: String? = nil,
        bodyBase64: String? = nil, parents: [String]? = nil
    ) {
        self.author = author
        self.kind = kind
        self.body = body
        self.bodyBase64 = bodyBase64
        self.parents = parents
    }

    /// The body's bytes; throws a refusal that says what is wrong with them.
    public func bytes() throws(Refusal) -> [UInt8] {
        let bytes: [UInt8]
        switch (body, bodyBase64) {
        case (let text?, nil): bytes = Array(text.utf8)
        case (nil, let text?):
            guard let decoded = Base64URL.decode(text) else {
                throw Refusal(.malformed, "bodyBase64 is not base64url without padding")
            }
            bytes = decoded
        case (nil, nil): throw Refusal(.malformed, "body or bodyBase64 is missing")
        default: throw Refusal(.malformed, "body and bodyBase64 exclude each other")
        }
        guard bytes.count <= Limits.bodyBytes else {
            throw Refusal(.tooLarge, "a body is at most \(Limits.bodyBytes) bytes")
        }
        return bytes
    }

    /// The parents' ids, ascending, each once.
    public func parentIDs() throws(Refusal) -> [EventID] {
        var ids: [EventID] = []
        for text in parents ?? [] {
            guard let id = EventID(hex: text) else {
                throw Refusal(.malformed, "\(text) is no event id")
            }
            if !ids.contains(id) { ids.append(id) }
        }
        guard ids.count <= Limits.parents else {
            throw Refusal(.malformed, "at most \(Limits.parents) parents")
        }
        return ids.sorted()
    }
}

/// An event that was made and is durable.
public struct PostReceipt: Codable, Hashable, Sendable {
    public var id: String
    public var sequence: UInt64
    /// Place in this node's log.
    public var position: UInt64

    public init(id: EventID, sequence: UInt64, position: UInt64) {
        self.id = id.hex
        self.sequence = sequence
        self.position = position
    }
}
