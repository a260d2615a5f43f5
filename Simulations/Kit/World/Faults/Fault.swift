public import Core

/// Something that goes wrong, or ends to go wrong, at one instant. Nodes by index.
///
/// A fault that can't happen, such as the crash of a node that is down, is recorded and changes
/// nothing: lists of faults can be drawn, cut and shortened without care.
public enum Fault: Hashable, Sendable {
    /// `kill -9`: the engine and all writes that are not durable are gone; its kernel resets what
    /// was open. Requests of others that it has not answered time out.
    case crash(Int)
    /// A node that is down starts.
    case start(Int, from: StartingDisk)
    /// Makes the copy that `StartingDisk.backup` needs: whom the node knows, and how far its own
    /// chain goes. It replaces the one before.
    case backUp(Int)
    /// SIGSTOP: nothing is handled, timers don't fire, what arrives waits in sockets, 256 KiB for
    /// each link. Others see a node that is silent.
    case pause(Int)
    /// SIGCONT: what waited is handled in the order in which it came.
    case resume(Int)
    /// All its links, streams and requests break now, as where a machine changes its network: it
    /// learns at once, the others one latency later. It stays up.
    case disconnect(Int)
    /// From now on a node hears only those on its own side; a side for each node.
    case partition([Int])
    /// From now on what these send to those doesn't arrive, acknowledgements included. Adds to what
    /// was muted before.
    case mute(from: [Int], to: [Int])
    /// Ends `partition` and `mute`. What links had stalled is sent again.
    case heal
    /// How messages are carried from now on.
    case network(LinkModel)
    /// The node's line from now on; nil: the one of `LinkModel`.
    case bandwidth(Int, Bandwidth?)
    /// From now on the node reads whatever comes at this pace, all in all; what it has not read of
    /// links and streams holds up whoever sends. Nil: as fast as ever.
    case slowReader(Int, bytesPerSecond: Int?)
    /// Its wall clock from now on. Its timers stay right.
    case clock(Int, ClockFault)
    /// Its disk from now on; nil: a good one.
    case disk(Int, DiskFault?)
}

/// What a node's disk holds when it starts.
public enum StartingDisk: Hashable, Sendable {
    /// What it held when the node went down.
    case kept
    /// Nothing but whom the node knows, as an operator would add them again: the same key, a new
    /// log. A node that starts so doesn't know that it has a past, and signs places of its chain
    /// again unless its peers tell it first.
    case empty
    /// What `federate restore` makes of the last backup: whom the node knew, a new log, and the
    /// mark by which it refuses to sign until it has caught up with a peer. Without a backup the
    /// node doesn't start.
    case backup
}

/// What is wrong with a wall clock.
public enum ClockFault: Hashable, Sendable {
    /// It is so far ahead of the true time; negative: behind.
    case offset(Duration)
    /// From its present reading on it is so much too fast; negative: too slow.
    case drift(partsPerMillion: Int)
    /// It stays at its present reading.
    case frozen
    /// It is set to the true time.
    case right
}

/// What is wrong with a disk.
public enum DiskFault: Hashable, Sendable {
    /// Writes fail; reads don't.
    case full
    /// Each write takes so long.
    case slow(Duration)
    /// A disk that lies: at a crash the writes of so long before it are gone, although it said that
    /// they were durable.
    case losesLast(Duration)
    /// At a crash a drawn number of the transactions under way, the first ones, are kept, although
    /// nobody heard that they were durable. Each is kept whole or not at all, as SQLite has it.
    case tears
}

/// A fault, and when it was applied.
public struct RecordedFault: Hashable, Sendable {
    public var time: Instant
    public var fault: Fault
    /// False where it could not happen, such as the crash of a node that was down.
    public var hadEffect: Bool
}
