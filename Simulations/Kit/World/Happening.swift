import Core
import Federation
import Gossip

/// One request from node to node until it is answered, or one stream until it is over.
struct Call: Sendable {
    var caller: Int
    /// The caller's engine: a crash ends it, and its successor knows nothing of this call.
    var callerLife: Int
    /// The caller's name for it.
    var token: Token
    var callee: Int
    /// Whether the callee knows of it.
    var hasArrived = false
    /// Whether this is a request's second arrival, which nobody waits for.
    var isRepeat = false
    /// Whether its connection broke: nothing of it arrives any more.
    var isBroken = false
    /// The caller's wall clock when it asked.
    let signedAt: WallTime
    /// Its request's, and what its answers draw from.
    var luck: Luck
    /// Answers and pages sent.
    var replies: UInt64 = 0
    var stream: StreamState?

    var way: Link { Link(from: caller, to: callee) }
    var wayBack: Link { Link(from: callee, to: caller) }
}

/// The part of a call that only a stream has.
struct StreamState: Sendable {
    /// When the last page arrives, so that pages and the end stay in order.
    var lastArrival = Instant.zero
    /// Whether the reader has said `proceed` since its last page.
    var isReady = true
    /// Pages that wait in the reader's socket.
    var waiting: [(page: Page, bytes: Int)] = []
    /// When a slow reader has read the first of them; nil before it begins.
    var readAt: Instant?
    /// The stream's end, behind the pages that wait.
    var end: StreamEnd?
}

/// How a stream ended for its reader.
struct StreamEnd: Sendable {
    /// Nil where the writer ended it in order.
    var failure: TransportFailure?
}

/// What the heap of a simulation holds. What is large and not of every day is held elsewhere, so
/// that the others are small.
enum Happening: Sendable {
    /// A request reaches the callee.
    case request(UInt64, [UInt8])
    /// An answer, or a page of a stream, reaches the caller.
    case answer(UInt64, [UInt8])
    /// The caller learns that there is no answer.
    indirect case failed(UInt64, TransportFailure)
    /// The caller learns that its stream is over.
    indirect case ended(UInt64, StreamEnd)
    /// The reader of a stream is ready for what waits.
    case pump(UInt64)
    /// The callee learns that whoever asked is gone.
    case abandoned(UInt64, callee: Int)
    /// A dial reaches its callee, or comes to nothing.
    case dialled(UInt64)
    indirect case dialFailed(Int, life: Int, LinkName, TransportFailure)
    /// The dialler hears that its link is open.
    case opened(UInt64)
    /// Bytes of a link arrive at one of its ends.
    case chunk(UInt64, PipeEnd, [UInt8])
    /// One end learns that the link is over, after what was sent before.
    case unlinked(UInt64, PipeEnd)
    /// A node's own work is done.
    case verified(Int, life: Int, Token, [Bool])
    indirect case loaded(Int, life: Int, Token, Query)
    indirect case durable(Int, life: Int, Token, LogWrite)
    /// A deadline of the node's engine.
    case wake(Int, life: Int)
    /// A dishonest node may act by itself.
    case act(Int)
    /// A node starts from an earlier state of its disk.
    case rolledBack(Int)
    /// Inputs that a paused node could not be given.
    case handed(Int, life: Int, [Input])
    /// So many bytes have come to the far end of a node's downlink; what happens when they are
    /// through.
    indirect case queued(Int, Int, Happening)
    /// A dial that nobody answered by now.
    case dialExpired(UInt64)
    /// Something goes wrong, or ends to.
    case fault(Fault)
    /// Somebody at the node wants something.
    indirect case input(Int, Input)
}
