import Core
import Federation

/// What went over a link, or over all of them.
public struct Traffic: Hashable, Sendable {
    /// Requests, responses and pages put on the wire, lost ones included.
    public var messages = 0
    /// Requests whose answer arrived in time; a stream that was opened counts none.
    public var roundTrips = 0
    /// Encoded events within messages.
    public var eventBytes = 0
    /// All other bytes of the messages. HTTP and TLS come on top and are not simulated.
    public var overheadBytes = 0
    /// Of these, what links carried: frames of every kind.
    public var linkBytes = 0
    /// Bytes, of both kinds, of messages that were lost.
    public var lostBytes = 0
    public var lostMessages = 0

    /// Requests that drew their luck.
    private var numbered: UInt64 = 0

    public init() {}

    /// The number of the next request on its way.
    mutating func number() -> UInt64 {
        numbered += 1
        return numbered
    }

    /// Bytes put on the wire.
    public var bytes: Int { eventBytes + overheadBytes }

    /// Counts a message that was put on the wire.
    mutating func sent(_ bytes: Int, events: Int) {
        messages += 1
        eventBytes += events
        overheadBytes += bytes - events
    }

    /// Counts a piece of a link that was put on the wire.
    mutating func sentOverLink(_ bytes: Int) {
        sent(bytes, events: 0)
        linkBytes += bytes
    }

    /// Counts one of them as lost.
    mutating func lost(_ bytes: Int) {
        lostMessages += 1
        lostBytes += bytes
    }

    static func += (sum: inout Traffic, other: Traffic) {
        sum.messages += other.messages
        sum.roundTrips += other.roundTrips
        sum.eventBytes += other.eventBytes
        sum.overheadBytes += other.overheadBytes
        sum.linkBytes += other.linkBytes
        sum.lostBytes += other.lostBytes
        sum.lostMessages += other.lostMessages
    }
}

/// One direction between two nodes.
public struct Link: Hashable, Comparable, Sendable {
    public var from: Int
    public var to: Int

    public init(from: Int, to: Int) {
        self.from = from
        self.to = to
    }

    /// One word: links are looked up for every message.
    public func hash(into hasher: inout Hasher) { hasher.combine(from << 32 ^ to) }

    public static func < (a: Link, b: Link) -> Bool {
        a.from != b.from ? a.from < b.from : a.to < b.to
    }
}
