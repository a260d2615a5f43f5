/// What a node knows for good about another node.
public struct PeerRecord: Hashable, Sendable {
    /// Where a registration stands.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Proved its key; one side or both have not approved yet.
        case pending
        /// Both sides approved: events flow.
        case active
        /// This node's operator said no.
        case rejected
        /// Was a peer; the operator, or the peer itself, ended it. Never comes back by itself.
        case removed
    }

    public var node: NodeID
    public var state: State
    /// Whether this node's operator, or its policy, approved.
    public var isApprovedHere: Bool
    /// Whether the peer said that it approved, when last asked.
    public var isApprovedThere: Bool
    /// Where it can be reached, best first: "https://host:port".
    public var endpoints: [String]
    /// How it calls itself; text for people, at most 64 bytes.
    public var label: String
    /// How far its log was read; nil before the first page.
    public var cursor: Cursor?
    /// Microseconds since 1970 of this record's first line.
    public var since: UInt64

    public init(
        node: NodeID, state: State = .pending, isApprovedHere: Bool = false,
        isApprovedThere: Bool = false, endpoints: [String] = [], label: String = "",
        cursor: Cursor? = nil, since: UInt64 = 0
    ) {
        self.node = node
        self.state = state
        self.isApprovedHere = isApprovedHere
        self.isApprovedThere = isApprovedThere
        self.endpoints = endpoints
        self.label = label
        self.cursor = cursor
        self.since = since
    }
}
