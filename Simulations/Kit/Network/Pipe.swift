import Core
import Federation
import Gossip

/// One of the two ends of a link.
enum PipeEnd: Int, Sendable {
    case dialler, acceptor

    var other: PipeEnd { self == .dialler ? .acceptor : .dialler }
}

/// A long-lived link between two nodes: bytes in order, late, never lost while it stands.
struct Pipe: Sendable {
    /// What one end knows.
    struct Side: Sendable {
        let node: Int
        /// The engine that has this end: a crash ends it.
        let life: Int
        /// Nil until the acceptor knows of it.
        var name: LinkName?
        /// When the last bytes for it arrive, so that all stay in order.
        var lastArrival = Instant.zero
        /// Whether it has said that it reads on.
        var isReady = false
        /// What waits in its socket.
        var waiting: [[UInt8]] = []
        /// When a slow reader has read the first of it; nil before it begins.
        var readAt: Instant?
        var isOver = false
        /// Bytes on their way to it or in its socket; where there are too many, whoever sent them
        /// hears later that the network has taken them.
        var unread = 0
        var holdsUp = false
        /// Of the unread bytes those that were read while a cut kept the acknowledgement.
        var unacknowledged = 0
        /// Pieces that were carried to it.
        var pieces: UInt64 = 0
    }

    private var dialler: Side
    private var acceptor: Side
    /// Sent while a partition was between the two, in order, and to whom.
    var stalled: [(end: PipeEnd, bytes: [UInt8])] = []
    /// What the handshake, and then each piece, draws from.
    let luck: Luck
    /// Why it broke; then nothing of it arrives any more.
    var failure: TransportFailure?

    init(dialler: Side, acceptor: Side, _ luck: Luck) {
        self.dialler = dialler
        self.acceptor = acceptor
        self.luck = luck
    }

    /// The luck of the next piece to this end.
    func luck(to end: PipeEnd) -> Luck {
        luck.next(self[end].pieces << 1 | UInt64(end.rawValue))
    }

    /// The same, and the piece is carried.
    mutating func nextLuck(to end: PipeEnd) -> Luck {
        defer { self[end].pieces += 1 }
        return luck(to: end)
    }

    subscript(end: PipeEnd) -> Side {
        _read {
            if end == .dialler { yield dialler } else { yield acceptor }
        }
        _modify {
            if end == .dialler { yield &dialler } else { yield &acceptor }
        }
    }
}

/// Changes in place: a pipe that is taken out of its table to be looked at is copied.
extension Pipe {
    /// What becomes of bytes that were handed to the network for one end.
    struct Acceptance {
        let target: Int
        /// Bytes on their way to it or in its socket, these included.
        let unread: Int
        /// Whether the network has taken them: else its sender hears of it later.
        let isTaken: Bool
        /// Whether they have to wait behind what a cut holds up.
        let isBehind: Bool
    }

    /// Takes bytes for an end whose socket has so much room; nil where the pipe is broken.
    mutating func accept(_ count: Int, for end: PipeEnd, room: Int) -> Acceptance? {
        guard failure == nil else { return nil }
        self[end].unread += count
        let isTaken = self[end].unread < room
        if !isTaken { self[end].holdsUp = true }
        return Acceptance(
            target: self[end].node, unread: self[end].unread, isTaken: isTaken,
            isBehind: !stalled.isEmpty && stalled.contains { $0.end == end })
    }

    /// When bytes arrive that need until `time`: not before those that were sent before.
    mutating func arrival(_ time: Instant, at end: PipeEnd) -> Instant {
        self[end].lastArrival = max(self[end].lastArrival, time)
        return self[end].lastArrival
    }

    /// Takes out what its end reads next.
    mutating func takeFirst(at end: PipeEnd) -> [UInt8] {
        self[end].isReady = false
        self[end].readAt = nil
        return self[end].waiting.removeFirst()
    }

    /// Bytes were read; says whether their sender waits to hear of it and there is room again.
    mutating func acknowledge(_ count: Int, at end: PipeEnd, room: Int) -> Bool {
        self[end].unread -= count
        return self[end].holdsUp && self[end].unread < room
    }
}
