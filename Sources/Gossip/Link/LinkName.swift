/// Names one long-lived connection with a peer.
public struct LinkName: Hashable, Comparable, Sendable {
    /// Never used twice by the same side.
    public var number: UInt64
    /// Whether this node dialled; then the engine chose the number, else the shell.
    public var isOurs: Bool

    public init(number: UInt64, isOurs: Bool) {
        self.number = number
        self.isOurs = isOurs
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.isOurs != b.isOurs ? b.isOurs : a.number < b.number
    }
}

/// What a link is opened for.
public enum LinkPurpose: UInt64, Hashable, Sendable, CaseIterable {
    /// To become neighbors, where there is room.
    case neighbor
    /// To become neighbors in any case: the dialler has less than half of its neighbors, or looks
    /// for a lost half.
    case urgent
    /// To exchange views and compare logs, once.
    case visit
}

/// Why a link ends, as one side tells the other.
public enum ByeCause: UInt64, Hashable, Sendable, CaseIterable {
    /// The node shuts down.
    case shutdown
    /// No room for another neighbor.
    case full
    /// Another neighbor took the place.
    case evicted
    /// The two have another link.
    case duplicate
    /// Nothing was heard for too long.
    case silent
    /// The node does not gossip.
    case off
    /// The dialler is no active peer.
    case notActive
    /// A frame is not of the protocol.
    case malformed
    /// An event was handed over that is not valid.
    case invalidEvent
    /// What was announced never came.
    case brokenPromises
    /// More than a peer's share.
    case overload
    /// No version in common.
    case version
    /// What the link was opened for is done.
    case done

    /// The word on screens and in logs.
    public var word: String {
        switch self {
        case .shutdown: "shutdown"
        case .full: "full"
        case .evicted: "evicted"
        case .duplicate: "duplicate"
        case .silent: "silent"
        case .off: "gossip-off"
        case .notActive: "not-active"
        case .malformed: "malformed"
        case .invalidEvent: "invalid-event"
        case .brokenPromises: "broken-promises"
        case .overload: "overload"
        case .version: "no-common-version"
        case .done: "done"
        }
    }
}
