/// Something that an operator must look at, kept with its evidence until the log ends.
public struct Alarm: Hashable, Sendable {
    /// What was seen.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Two running processes use one key: their requests came by turns.
        case duplicateKey = "duplicate-key"
        /// A peer says that this node's own key is in use twice.
        case ownKeyTwice = "own-key-twice"
        /// A key names two different successors.
        case contestedRotation = "contested-rotation"
    }

    public var kind: Kind
    /// The key in question.
    public var node: NodeID
    /// What shows it, for people.
    public var evidence: String
    /// Microseconds since 1970 of the first time.
    public var time: UInt64

    public init(kind: Kind, node: NodeID, evidence: String, time: UInt64) {
        self.kind = kind
        self.node = node
        self.evidence = evidence
        self.time = time
    }
}
