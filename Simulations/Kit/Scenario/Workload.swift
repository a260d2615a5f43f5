import Core
import Federation

/// The events of a scenario, and who holds which of them at the start.
struct Workload: Sendable {
    /// Held by every node, in the tree's order.
    var shared: [Event] = []
    /// Held by one node each; as many entries as there are nodes.
    var new: [[Event]]
    /// What every wall clock reads at the start: after all events.
    var wall: WallTime

    var count: Int { shared.count + new.reduce(0) { $0 + $1.count } }

    /// Encoded bytes of the new events: what must reach every node but one.
    var newBytes: Int {
        new.reduce(0) { $0 + $1.reduce(0) { $0 + $1.encodedSize } }
    }

    /// How many of `count` events are new.
    static func newCount(of count: Int) -> Int { count - count * 9 / 10 }
}

/// Made events.
extension Workload {
    private static let end: UInt64 = 1_750_000_000_000_000
    private static let minute: UInt64 = 60_000_000
    private static let day: UInt64 = 86_400_000_000

    /// `count` messages by the nodes in turn: nine tenths evenly over a day, the rest over the
    /// minute after it.
    init(count: Int, keys: [SecretKey], seeds: Seeds) {
        let newCount = Self.newCount(of: count)
        let sharedCount = count - newCount
        var writers = keys.enumerated().map {
            Writer(key: $1, dice: seeds.dice("writer", $0), secrets: seeds.secrets("body", $0))
        }
        let start = Self.end - Self.minute
        new = keys.map { _ in [] }
        wall = WallTime(microseconds: Self.end)
        for place in 0..<sharedCount {
            let back = Self.day * UInt64(sharedCount - place) / UInt64(sharedCount)
            shared.append(writers[place % keys.count].write(at: start - back))
        }
        for place in 0..<newCount {
            let forth = Self.minute * UInt64(place) / UInt64(newCount)
            let node = place % keys.count
            new[node].append(writers[node].write(at: start + forth))
        }
    }

    /// A given log: its last tenth by time is new and dealt out to the nodes in turn.
    init(trace: [Event], nodes: Int) {
        var seen: Set<EventID> = []
        let events = trace.filter { seen.insert($0.id).inserted }.sorted { $0.key < $1.key }
        let sharedCount = events.count - Self.newCount(of: events.count)
        shared = Array(events[..<sharedCount])
        new = (0..<nodes).map { _ in [] }
        for (place, event) in events[sharedCount...].enumerated() {
            new[place % nodes].append(event)
        }
        wall = WallTime(microseconds: (events.last?.header.time.physical ?? 0) + 1)
    }

    /// One origin's chain as it grows.
    private struct Writer {
        let key: SecretKey
        var dice: Dice
        var secrets: Secrets
        var last: (sequence: UInt64, id: EventID?) = (0, nil)

        /// A message of 40 to 400 bytes, as people and AIs send them.
        mutating func write(at physical: UInt64) -> Event {
            let text = (0..<40 + dice.below(361)).map { _ in UInt8(97 + dice.below(26)) }
            let body = Body(salt: secrets.draw(Limits.saltBytes), bytes: text)
            guard let author = Author(role: .ai, name: "writer-\(key.node.short)") else {
                preconditionFailure("hex digits are of the grammar of names")
            }
            let header = Header(
                origin: key.node, sequence: last.sequence + 1, previous: last.id,
                time: Timestamp(physical: physical, counter: 0), author: author,
                kind: "message.post", bodyLength: text.count, bodyHash: body.hash)
            let event = Event(signing: header, body: body, with: key)
            last = (header.sequence, event.id)
            return event
        }
    }
}

/// Logs.
extension Workload {
    /// Whoever has signed something.
    var origins: Set<NodeID> { Set((shared + new.joined()).map(\.header.origin)) }

    /// What the disk of node `index` holds at the start: the shared events, as if each origin had
    /// pushed its own, then its own new ones. Every neighbor's shared part was read, so that a
    /// cursor stands behind it.
    func log(of index: Int, nodes: [NodeID], logs: [LogID], neighbors: [Int]) -> MemoryLog {
        var write = LogWrite()
        let known = Set(nodes)
        for event in shared {
            let origin = event.header.origin
            let isForeign = origin != nodes[index] && known.contains(origin)
            append(event, from: isForeign ? origin : nil, to: &write)
        }
        for event in new[index] { append(event, from: nil, to: &write) }
        write.clock = write.entries.map(\.event.header.time).max()
        write.peers = neighbors.map { neighbor in
            PeerRecord(
                node: nodes[neighbor], state: .active, approval: .byOperator,
                isApprovedThere: true, endpoints: ["sim://\(neighbor)"],
                label: "node \(neighbor)",
                cursor: Cursor(log: logs[neighbor], position: UInt64(shared.count)),
                since: wall.microseconds)
        }
        var log = MemoryLog(id: logs[index])
        log.apply(write)
        return log
    }

    private func append(_ event: Event, from sender: NodeID?, to write: inout LogWrite) {
        let position = UInt64(write.entries.count + 1)
        write.entries.append(LogEntry(position: position, event: event, sender: sender))
    }
}
