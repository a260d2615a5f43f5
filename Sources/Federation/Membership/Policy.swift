public import Core

/// How surely a node's key is tied to whoever owns it. Ascending.
public enum AuthTier: Int, Hashable, Comparable, Sendable, CaseIterable {
    /// A key that was made on the node's device: every node that registers has it.
    case deviceBound
    /// Backed by an identity provider. No node can prove it in this version.
    case oauthVerified
    /// Tied to a TPM. No node can prove it in this version.
    case hardwareAttested

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// The word in configurations and on the screen.
    public var name: String {
        switch self {
        case .deviceBound: "device-bound"
        case .oauthVerified: "oauth-verified"
        case .hardwareAttested: "hardware-attested"
        }
    }
}

/// Whom a node lets in, and how far: the operator's decision, `[federation.policy]` in the
/// configuration. It may change while the node runs.
public struct Policy: Hashable, Sendable {
    /// What a peer must have proved of its key to be approved, and for its requests to be served.
    public var minAuthTier: AuthTier
    /// Whether both operators must approve; else the other side's approval is enough here.
    public var requireMutual: Bool
    /// Whether nodes that approved peers vouch for are admitted, and approved when they register.
    public var autoAcceptKnown: Bool
    /// Whether nodes of the LAN are approved by themselves: those that prove the join secret, or,
    /// where there is none, those of this very machine.
    public var autoAcceptLAN: Bool
    /// Active peers at most; 0 for no bound.
    public var maxPeers: Int
    /// Whether this node vouches for the nodes that its operator approves.
    public var vouchForApproved: Bool
    /// Origins whose events are admitted though they are no peers.
    public var origins: Set<NodeID>
    /// Keys whose revocations of others are honoured; their events are admitted.
    public var revocationsFrom: Set<NodeID>
    /// Address ranges that may be dialled though a peer's own word is all that names them.
    public var allowAddresses: [AddressRange]

    public init(
        minAuthTier: AuthTier = .deviceBound, requireMutual: Bool = true,
        autoAcceptKnown: Bool = false, autoAcceptLAN: Bool = false, maxPeers: Int = 0,
        vouchForApproved: Bool = true, origins: Set<NodeID> = [],
        revocationsFrom: Set<NodeID> = [], allowAddresses: [AddressRange] = []
    ) {
        self.minAuthTier = minAuthTier
        self.requireMutual = requireMutual
        self.autoAcceptKnown = autoAcceptKnown
        self.autoAcceptLAN = autoAcceptLAN
        self.maxPeers = maxPeers
        self.vouchForApproved = vouchForApproved
        self.origins = origins
        self.revocationsFrom = revocationsFrom
        self.allowAddresses = allowAddresses
    }
}
