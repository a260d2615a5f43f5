public import Core

/// What one node asks another. HTTP decodes to it, the simulator carries it encoded; its grammar is
/// in docs/PROTOCOL.md.
public enum Request: Hashable, Sendable {
    /// First half of a registration; needs no signature, it proves the key itself.
    case introduce(Introduction)
    /// Second half of a registration.
    case confirm(Confirmation)
    /// Events that the sender made, oldest first.
    case push(Batch)
    /// A page of the receiver's log after `since`, or from its start.
    case pull(since: Cursor?)
    /// The receiver's log after `since`, then everything new as it comes.
    case stream(since: Cursor?)
    /// One message of a reconcile session; the first one tells whom the sender admits, by a digest.
    case reconcile(session: UInt64, context: UInt64? = nil, message: [UInt8])
    /// Ends a session by asking for the events that it found.
    case fetch(session: UInt64, message: [UInt8])
    /// The bodies of events that the sender holds without one.
    case bodies([EventID])
    /// How the receiver is, as far as a peer may know.
    case status
    /// What the receiver has written down about the sender.
    case ownRecord
    /// The sender ends the registration.
    case leave
    /// Whom the sender admits, where a session has shown that the receiver admits others.
    case admissions(session: UInt64, [AdmittedOrigin])
}

/// First message of a registration, A to B.
public struct Introduction: Hashable, Sendable {
    public var node: NodeID
    /// 32 bytes, used once.
    public var nonce: Digest
    public var card: NodeCard
    /// A's wall clock, so that B can tell how far the two differ.
    public var time: WallTime

    public init(node: NodeID, nonce: Digest, card: NodeCard, time: WallTime) {
        self.node = node
        self.nonce = nonce
        self.card = card
        self.time = time
    }
}

/// What a node says about itself.
public struct NodeCard: Hashable, Sendable {
    /// Protocol versions spoken, ascending; now only 1.
    public var versions: [UInt64]
    /// Text for people, at most 64 bytes.
    public var label: String
    /// At most 8 of "https://host:port", best first; a hint until dialled.
    public var endpoints: [String]

    public init(versions: [UInt64] = [1], label: String, endpoints: [String]) {
        self.versions = versions
        self.label = label
        self.endpoints = endpoints
    }
}

/// Third message of a registration, A to B.
public struct Confirmation: Hashable, Sendable {
    public var node: NodeID
    /// B's nonce of the second message: names the registration.
    public var nonce: Digest
    /// A's signature of the transcript, 64 bytes.
    public var signature: [UInt8]
    /// HMAC of the join secret over the transcript; nil where A has none.
    public var joinProof: Digest?
    /// Whether A's operator or policy has approved B.
    public var isApproved: Bool
    /// The invite that A was given, and HMAC of its secret over the transcript.
    public var invite: InviteProof?
    /// The events by which A's former keys, one of which B may know, name the next one; oldest
    /// first, at most 8.
    public var predecessors: [Event]

    public init(
        node: NodeID, nonce: Digest, signature: [UInt8], joinProof: Digest?, isApproved: Bool,
        invite: InviteProof? = nil, predecessors: [Event] = []
    ) {
        self.node = node
        self.nonce = nonce
        self.signature = signature
        self.joinProof = joinProof
        self.isApproved = isApproved
        self.invite = invite
        self.predecessors = predecessors
    }
}

/// Shows that a node holds an invite, without showing the secret.
public struct InviteProof: Hashable, Sendable {
    /// Which invite.
    public var id: UInt64
    /// HMAC-SHA-256 of its secret over the transcript.
    public var proof: Digest

    public init(id: UInt64, proof: Digest) {
        self.id = id
        self.proof = proof
    }
}
