import Core
import Federation

/// One node: its disk, and the engine while it is up.
struct SimulatedNode: Sendable {
    let key: SecretKey
    let settings: Settings
    var log: MemoryLog
    /// Nil while the node is down.
    var engine: Engine?
    /// Counts starts, so that work of an engine that crashed is not handed to the next one.
    var life = 0
    /// The earliest wake-up in the heap.
    var wakeAt: Instant?
    /// Until when the core and the disk are busy.
    var busyUntil = Instant.zero
    var diskUntil = Instant.zero
    /// Streams of ours, by our token.
    var streams: [Token: UInt64] = [:]
    /// Which side of a partition it is on; nodes of different sides don't hear each other.
    var side = 0
}
