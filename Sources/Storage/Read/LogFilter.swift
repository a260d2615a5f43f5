public import Core

/// Which events somebody wants to see; nil takes all.
public struct LogFilter: Hashable, Sendable {
    /// The event's kind, exactly.
    public var kind: String?
    /// Role and name, whatever the origin.
    public var author: Author?
    /// Who signed it.
    public var origin: NodeID?
    /// Microseconds since 1970 of the event's clock: this or later.
    public var since: UInt64?

    /// Takes all where nothing is named.
    public init(
        kind: String? = nil, author: Author? = nil, origin: NodeID? = nil, since: UInt64? = nil
    ) {
        self.kind = kind
        self.author = author
        self.origin = origin
        self.since = since
    }
}

/// What "latest" means.
public enum LogOrder: Hashable, Sendable {
    /// As this node took them in.
    case position
    /// By the events' clocks: the same on every node.
    case time

    var sql: String {
        switch self {
        case .position: "position DESC"
        case .time: "physical DESC, counter DESC, id DESC"
        }
    }
}
