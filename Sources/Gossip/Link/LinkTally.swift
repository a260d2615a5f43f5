/// What links have carried, and what it was good for.
public struct LinkTally: Hashable, Sendable {
    /// Bytes put on the wire by kind, lengths included; TLS is not in them.
    public private(set) var sentBytes = [Int](repeating: 0, count: Frame.Kind.allCases.count)
    public var receivedBytes = 0
    /// Events that came by gossip and were new.
    public var delivered = 0
    /// Events that came by gossip and were held already.
    public var duplicates = 0
    /// Events passed on unasked, and such that were asked for.
    public var pushed = 0
    public var served = 0
    /// Announcements sent; places each.
    public var announced = 0
    public var grafts = 0
    public var prunes = 0
    /// Sums over `delivered` of how often the events were passed on; and the highest.
    public var hops = 0
    public var lastHop = 0
    /// Queues that were full.
    public var overflows = 0
    /// Announced, asked for, and never sent.
    public var brokenPromises = 0
    /// What a neighbor asked for beyond its share.
    public var unserved = 0

    public init() {}

    /// Bytes put on the wire.
    public var allSentBytes: Int { sentBytes.reduce(0, +) }

    /// Bytes put on the wire as frames of one kind.
    public func sentBytes(_ kind: Frame.Kind) -> Int { sentBytes[kind.rawValue] }

    mutating func sent(_ bytes: Int, _ kind: Frame.Kind) { sentBytes[kind.rawValue] += bytes }

    /// A piece of a session's message, of which a part is events.
    mutating func sent(part: Int, of whole: Int, eventBytes: Int, frame: Int) {
        let events = whole == 0 ? 0 : part * eventBytes / whole
        sentBytes[Frame.Kind.reconciledEvent.rawValue] += events
        sentBytes[Frame.Kind.reconcile.rawValue] += frame - events
    }

    public static func += (a: inout Self, b: Self) {
        for kind in b.sentBytes.indices { a.sentBytes[kind] += b.sentBytes[kind] }
        a.receivedBytes += b.receivedBytes
        a.delivered += b.delivered
        a.duplicates += b.duplicates
        a.pushed += b.pushed
        a.served += b.served
        a.announced += b.announced
        a.grafts += b.grafts
        a.prunes += b.prunes
        a.hops += b.hops
        a.lastHop = max(a.lastHop, b.lastHop)
        a.overflows += b.overflows
        a.brokenPromises += b.brokenPromises
        a.unserved += b.unserved
    }
}
