import Core
import Federation
import Gossip

/// One node: its disk, and the engine while it is up.
struct SimulatedNode: Sendable {
    let key: SecretKey
    /// As it starts the next time.
    var settings: Settings
    var log: MemoryLog
    /// Nil while the node is down.
    var engine: Engine?
    /// Whether it is there, without a look at all of it.
    var isUp = false
    /// Counts starts, so that work of an engine that crashed is not handed to the next one.
    var life = 0
    /// The earliest wake-up in the heap.
    var wakeAt: Instant?
    /// Until when the core and the disk are busy.
    var busyUntil = Instant.zero
    var diskUntil = Instant.zero
    /// Streams of ours, by our token.
    var streams: [Token: UInt64] = [:]
    /// Pipes of its links.
    var pipes: [LinkName: UInt64] = [:]
    /// Links whose last bytes the network has taken; said before anything else happens.
    var written: [LinkName] = []
    /// Links that were dialled to it are numbered from 1.
    var linkCount: UInt64 = 0
    /// Links that it dialled, or tried to.
    var dials: UInt64 = 0
    /// What links of its former lives carried.
    var past = LinkTally()
    var pastReceived: UInt64 = 0
    /// Which side of a partition it is on; nodes of different sides don't hear each other.
    var side = 0
    /// Whether its process is stopped, and what waits for that to end.
    var isPaused = false
    var held: [Happening] = []
    /// Nil while it is right.
    var clock: WallClock?
    /// Nil while it is a good one.
    var disk: FaultyDisk?
    var backup: NodeBackup?
    /// Its own line; nil: that of all nodes.
    var bandwidth: Bandwidth?
    var line = Line()
    /// Nil while it reads as fast as it can.
    var reader: SlowReader?
    var traffic = NodeTraffic()

    /// When the engine has something to do. Changes nothing: of what may be changed no copy is made
    /// in order to be read.
    mutating func nextDeadline() -> Instant? { engine?.deadlineInPlace() }

    /// The same holds here.
    mutating func hasFaultyDisk() -> Bool { disk != nil }

    mutating func noteWrite(_ write: LogWrite, _ token: Token) {
        if disk?.fault == .tears { disk?.underWay.append((token, write)) }
    }
}

extension Engine {
    fileprivate mutating func deadlineInPlace() -> Instant? { nextDeadline }
}
