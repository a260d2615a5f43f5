/// Why a node refused something, in words that its sender can act on. The codes are part of the
/// protocol (docs/PROTOCOL.md, "Refusals"); each is counted.
public enum RefusalCode: String, Hashable, Sendable, CaseIterable, Error {
    // An event.
    /// Not the one canonical encoding, or a field outside of its grammar.
    case malformed
    /// Origin signature or author proof does not hold, or their keys are not valid ones.
    case badSignature = "bad-signature"
    /// Salt and body do not hash to the header's body hash.
    case badBody = "bad-body"
    /// From further in the future than is kept; send it again when it is due.
    case tooEarly = "too-early"
    /// A scope that this node was not granted.
    case unknownScope = "unknown-scope"

    // A request.
    /// More than the limits allow.
    case tooLarge = "too-large"
    /// No signature, or one that does not hold, is expired or was seen before.
    case unauthenticated
    /// A valid signature of a node that is no peer here.
    case unknownPeer = "unknown-peer"
    /// A peer whose registration is not complete.
    case notActive = "not-active"
    /// A peer that was removed or rejected.
    case removed
    /// The request names another node, or this node itself as its peer.
    case misaddressed
    /// No protocol version in common.
    case noCommonVersion = "no-common-version"
    /// A cursor of another log; reconcile, then go on from the cursor given.
    case cursorReset = "cursor-reset"
    /// A reconcile session that has ended or never was; start again.
    case sessionGone = "session-gone"
    /// Too much at once; try again later.
    case busy
    /// More than this caller may ask for in this time; try again when the wait is over.
    case overBudget = "over-budget"
    /// An event or a request of an origin that this node does not admit.
    case notAdmitted = "not-admitted"
    /// A key that was revoked.
    case revoked
    /// An invitation that is not good, or not any more.
    case badInvite = "bad-invite"
    /// A peer's assurance is below what the policy asks for.
    case tierTooLow = "tier-too-low"
    /// The wall clock is ahead of those of the peers: correct the clock, then try again.
    case clockAhead = "clock-ahead"
    /// A change of key that does not hold.
    case badRotation = "bad-rotation"
    /// This node can't store now; nothing was acknowledged.
    case cannotStore = "cannot-store"
    /// The wall clock is behind the log by more than a minute: correct the clock, then try again.
    case clockBehind = "clock-behind"
    /// More peers than the policy allows.
    case tooManyPeers = "too-many-peers"
    /// Nothing stands at this address.
    case notFound = "not-found"
    /// Not what the operator's socket is for, or only there.
    case notAllowed = "not-allowed"
}

/// A refused request.
public struct Refusal: Hashable, Sendable, Error {
    public var code: RefusalCode
    /// What happened and what to do, for people.
    public var detail: String
    /// When to try again; nil where trying again is no use or needs no wait.
    public var retryAfter: Duration?

    public init(_ code: RefusalCode, _ detail: String = "", retryAfter: Duration? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }
}
