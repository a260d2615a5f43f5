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

    var sides: [Side]
    /// Sent while a partition was between the two, in order, and to whom.
    var stalled: [(end: PipeEnd, bytes: [UInt8])] = []
    /// What the handshake, and then each piece, draws from.
    let luck: Luck
    /// Why it broke; then nothing of it arrives any more.
    var failure: TransportFailure?

    init(_ sides: [Side], _ luck: Luck) {
        self.sides = sides
        self.luck = luck
    }

    /// The luck of the next piece to this end.
    func luck(to end: PipeEnd) -> Luck {
        luck.next(self[end].pieces << 1 | UInt64(end.rawValue))
    }

    subscript(end: PipeEnd) -> Side {
        get { sides[end.rawValue] }
        set { sides[end.rawValue] = newValue }
    }
}
