public import Core

/// A peer, as its operator sees it.
public struct PeerView: Codable, Hashable, Sendable {
    public var node: String
    public var label: String
    /// pending, active, rejected, removed or revoked.
    public var state: String
    public var approvedHere: Bool
    public var approvedThere: Bool
    /// Why it is approved here: operator, invite, lan, vouched, one-sided or rotation.
    public var approval: String?
    /// Addresses that the operator gave.
    public var given: [String]
    /// Addresses that the peer claims.
    public var endpoints: [String]
    /// Once the registration has ended: the last of its events that counts, 0 for none.
    public var cutSequence: UInt64?
    /// The id of that event.
    public var cutID: String?
    /// RFC 3339; absent before the first answer.
    public var lastSeen: String?
    /// How far its log was read: `<log>.<position>`.
    public var cursor: String?
    /// What is going on with it, in a word or two.
    public var sync: String?
    /// Whether its log was equal to ours when last compared; absent before the first comparison.
    public var equal: Bool?
    /// When that was, RFC 3339.
    public var comparedAt: String?
    /// The last comparison that this node began, since it was started.
    public var lastSession: SessionView?
    public var lastError: String?
    /// What both operators compare before they approve.
    public var safetyNumber: String?
    /// How far its clock is ahead of ours; absent before it was measured.
    public var clockOffsetSeconds: Double?
    /// What to type to approve it; absent where there is nothing to approve.
    public var approveCommand: String?

    /// What the record holds; the rest is for the caller to fill in.
    public init(_ record: PeerRecord) {
        node = record.node.hex
        label = record.label
        state = record.state.rawValue
        approvedHere = record.isApprovedHere
        approvedThere = record.isApprovedThere
        approval = record.approval?.rawValue
        given = record.given
        endpoints = record.endpoints
        cutSequence = record.cut?.sequence
        cutID = record.cut?.id?.hex
        cursor = record.cursor?.text
        if record.state == .pending, !record.isApprovedHere {
            approveCommand = "federate peers approve \(record.node.short)"
        }
    }
}
