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
        /// A revocation that this node honours ended the key.
        case revoked
    }

    /// Why this side approved.
    public enum Approval: String, Hashable, Sendable, CaseIterable {
        /// The operator said so, or typed the peer's address.
        case byOperator = "operator"
        /// It proved the secret of an invite, or we accepted its own.
        case invite
        /// It proved the join secret, or runs on this host (`auto_accept_lan`).
        case lan
        /// An approved peer vouches for it (`auto_accept_known`).
        case vouched
        /// It approved us, and one side is enough here (`require_mutual = false`).
        case oneSided = "one-sided"
        /// The key of an approved peer names it as its successor.
        case rotation
    }

    public var node: NodeID
    public var state: State
    /// Why this node's operator, or its policy, approved; nil where neither did.
    public var approval: Approval?
    /// Whether the peer said that it approved, when last asked.
    public var isApprovedThere: Bool
    /// Addresses that the operator gave, or an invite: "https://host:port".
    public var given: [String]
    /// Addresses that the peer claims, best first: "https://host:port".
    public var endpoints: [String]
    /// How it calls itself; text for people, at most 64 bytes.
    public var label: String
    /// How far its log was read; nil before the first page.
    public var cursor: Cursor?
    /// Microseconds since 1970 of this record's first line.
    public var since: UInt64
    /// Once a registration has ended: up to where the node's events count here. Nil before that.
    public var cut: Cut?

    public init(
        node: NodeID, state: State = .pending, approval: Approval? = nil,
        isApprovedThere: Bool = false, given: [String] = [], endpoints: [String] = [],
        label: String = "", cursor: Cursor? = nil, since: UInt64 = 0, cut: Cut? = nil
    ) {
        self.node = node
        self.state = state
        self.approval = approval
        self.isApprovedThere = isApprovedThere
        self.given = given
        self.endpoints = endpoints
        self.label = label
        self.cursor = cursor
        self.since = since
        self.cut = cut
    }

    /// Whether this node's operator, or its policy, approved.
    public var isApprovedHere: Bool { approval != nil }

    /// Whether the registration has ended on this side.
    public var isOver: Bool {
        switch state {
        case .pending, .active: false
        case .rejected, .removed, .revoked: true
        }
    }
}
