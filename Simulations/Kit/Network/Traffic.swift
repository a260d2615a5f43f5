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
    /// Bytes, of both kinds, of messages that were lost.
    public var lostBytes = 0
    public var lostMessages = 0

    public init() {}

    /// Bytes put on the wire.
    public var bytes: Int { eventBytes + overheadBytes }

    static func += (sum: inout Traffic, other: Traffic) {
        sum.messages += other.messages
        sum.roundTrips += other.roundTrips
        sum.eventBytes += other.eventBytes
        sum.overheadBytes += other.overheadBytes
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

    public static func < (a: Link, b: Link) -> Bool {
        a.from != b.from ? a.from < b.from : a.to < b.to
    }
}

extension Request {
    /// Bytes of the encoded events that the encoded request holds.
    var eventBytes: Int {
        if case .push(let batch) = self { batch.eventBytes } else { 0 }
    }
}

extension Response {
    /// Bytes of the encoded events that the encoded response holds.
    var eventBytes: Int {
        switch self {
        case .page(let page): page.events.eventBytes
        case .events(let batch): batch.eventBytes
        default: 0
        }
    }
}

extension Batch {
    var eventBytes: Int { events.reduce(0) { $0 + $1.encodedSize } }
}

extension Event {
    /// Bytes of the wire form, exactly, without writing it.
    var encodedSize: Int {
        func data(_ count: Int) -> Int {
            switch count {
            case ..<24: count + 1
            case ..<0x100: count + 2
            case ..<0x1_0000: count + 3
            default: count + 5
            }
        }
        let body = self.body.map { 1 + data($0.salt.count) + data($0.bytes.count) } ?? 1
        return 1 + data(headerBytes.count) + data(signature.count) + body
    }
}
