import Core

/// What one node's line carried, and what waited for it.
public struct NodeTraffic: Hashable, Sendable {
    /// Bytes put on the wire, lost ones included.
    public internal(set) var sentBytes = 0
    /// Bytes that reached its sockets while it was there to read them.
    public internal(set) var receivedBytes = 0
    /// The most bytes that waited for its uplink at once, and how long all messages waited there
    /// together. Both stay 0 where its uplink has no bound.
    public internal(set) var uplinkHighWater = 0
    public internal(set) var uplinkWait = Duration.zero
    /// The most bytes of one link that were on their way to it or unread in its socket.
    public internal(set) var socketHighWater = 0
    /// The most things that waited for it while it was paused.
    public internal(set) var pauseHighWater = 0
}

/// Where all bytes are: what was sent was received, is lost, or is on its way.
public struct Accounting: Hashable, Sendable {
    /// Put on the wire, by all nodes.
    public var sent = 0
    /// Reached a socket of a node that was there.
    public var received = 0
    /// Lost on the wire, or arrived where nobody wanted them any more.
    public var lost = 0
    /// On the wire, behind a cut, or in a queue. Kept while messages go in and out, not computed
    /// from the others.
    public var inFlight = 0

    /// Whether no byte is missing, and none too many.
    public var isBalanced: Bool { sent == received + lost + inFlight && inFlight >= 0 }
}

/// The bounded line of a node.
struct Line: Hashable, Sendable {
    /// Until when it sends, and receives, what is queued.
    private(set) var upUntil = Instant.zero
    private(set) var downUntil = Instant.zero

    /// Takes a message into the queue to the network; returns when its last byte has left.
    mutating func send(_ bytes: Int, at pace: Int, _ now: Instant) -> Instant {
        let start = max(now, upUntil)
        upUntil = Instant(microseconds: start.microseconds + Bandwidth.time(bytes, at: pace))
        return upUntil
    }

    /// Takes a message that has come into the queue to the node; returns when its last byte is
    /// there.
    mutating func receive(_ bytes: Int, at pace: Int, _ now: Instant) -> Instant {
        let start = max(now, downUntil)
        downUntil = Instant(microseconds: start.microseconds + Bandwidth.time(bytes, at: pace))
        return downUntil
    }
}

/// A reader that takes its time.
struct SlowReader: Hashable, Sendable {
    let bytesPerSecond: Int
    private var until = Instant.zero

    init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

    /// When so many bytes, read after all that it reads now, are read.
    mutating func read(_ bytes: Int, _ now: Instant) -> Instant {
        let start = max(now, until)
        until = Instant(
            microseconds: start.microseconds + Bandwidth.time(bytes, at: bytesPerSecond))
        return until
    }
}
