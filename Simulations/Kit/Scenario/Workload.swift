import Core
import Federation

/// The events of a scenario: who holds which at the start, and who writes which when.
struct Workload: Sendable {
    /// Something that a node writes during the run, or imports.
    struct Post: Sendable {
        enum Content: Sendable {
            case draft(Draft)
            case imported(Event)
        }

        var node: Int
        var content: Content
    }

    /// Held at the start by every node but the newcomer, in the tree's order.
    var shared: [Event] = []
    /// Written before anything is counted, so that trees and cursors are those of a federation that
    /// has been running.
    var early: [Post] = []
    /// Written while the run is counted.
    var new: [Post] = []
    /// The node that comes up, with nothing, as the counting begins.
    var newcomer: Int?
    /// What every wall clock reads at the start: after all events.
    var wall: WallTime

    /// Events in the end.
    var count: Int { shared.count + early.count + new.count }

    init(
        _ scenario: Scenario, _ divergence: Divergence, _ keys: [SecretKey], _ seeds: Seeds
    ) {
        wall = WallTime(microseconds: Self.end)
        newcomer = divergence == .emptyPeer ? 0 : nil
        if let trace = scenario.trace {
            take(trace, divergence, nodes: keys.count)
        } else {
            make(scenario.events, divergence, keys, seeds)
        }
        var dice = seeds.dice("early")
        let writers = Set(new.map(\.node)).sorted()
        for _ in 0..<Self.earlyPosts {
            early += writers.map { Post(node: $0, content: .draft(Self.draft(&dice))) }
        }
    }
}

/// Made events, and given ones.
extension Workload {
    private static let end: UInt64 = 1_750_000_000_000_000
    private static let day: UInt64 = 86_400_000_000
    /// Of each node that writes: the first one finds its tree, the second uses it.
    private static let earlyPosts = 2

    /// `count` messages by the nodes in turn; the old ones evenly over a day.
    private mutating func make(
        _ count: Int, _ divergence: Divergence, _ keys: [SecretKey], _ seeds: Seeds
    ) {
        let newCount = divergence.newCount(of: count)
        // Whoever holds nothing has written nothing.
        let first = newcomer == nil ? 0 : 1
        var writers = keys.enumerated().dropFirst(first).map {
            Writer(key: $1, dice: seeds.dice("writer", $0), secrets: seeds.secrets("body", $0))
        }
        for place in 0..<count - newCount {
            let back = Self.day * UInt64(count - newCount - place) / UInt64(count - newCount)
            shared.append(writers[place % writers.count].write(at: Self.end - back))
        }
        for place in 0..<newCount {
            let writer = place % writers.count
            new.append(
                Post(
                    node: writer + first, content: .draft(Self.draft(&writers[writer].dice))))
        }
    }

    /// A given log: its last part by time is new and dealt out to the nodes in turn.
    private mutating func take(_ trace: [Event], _ divergence: Divergence, nodes: Int) {
        var seen: Set<EventID> = []
        let events = trace.filter { seen.insert($0.id).inserted }.sorted { $0.key < $1.key }
        let sharedCount = events.count - divergence.newCount(of: events.count)
        shared = Array(events[..<sharedCount])
        for (place, event) in events[sharedCount...].enumerated() {
            new.append(Post(node: place % nodes, content: .imported(event)))
        }
        wall = WallTime(microseconds: (events.last?.header.time.physical ?? 0) + 1)
    }

    /// A message of 40 to 400 bytes, as people and AIs send them.
    private static func draft(_ dice: inout Dice) -> Draft {
        let text = (0..<40 + dice.below(361)).map { _ in UInt8(97 + dice.below(26)) }
        guard let author = Author(role: .ai, name: "writer") else {
            preconditionFailure("a name of letters")
        }
        return Draft(author: author, kind: "message.post", body: text)
    }

    /// One origin's chain as it grows.
    private struct Writer {
        let key: SecretKey
        var dice: Dice
        var secrets: Secrets
        var last: (sequence: UInt64, id: EventID?) = (0, nil)

        mutating func write(at physical: UInt64) -> Event {
            let draft = Workload.draft(&dice)
            let body = Body(salt: secrets.draw(Limits.saltBytes), bytes: draft.body)
            let header = Header(
                origin: key.node, sequence: last.sequence + 1, previous: last.id,
                time: Timestamp(physical: physical, counter: 0), author: draft.author,
                kind: draft.kind, bodyLength: draft.body.count, bodyHash: body.hash)
            let event = Event(signing: header, body: body, with: key)
            last = (header.sequence, event.id)
            return event
        }
    }
}

/// Logs.
extension Workload {
    /// Whoever has signed something that is given.
    var origins: Set<NodeID> {
        var origins = Set(shared.map(\.header.origin))
        for case .imported(let event) in new.map(\.content) { origins.insert(event.header.origin) }
        return origins
    }

    /// What the disk of node `index` holds at the start: the shared events, as if each origin had
    /// pushed its own. Every neighbor's log was read, so that a cursor stands behind it.
    func log(of index: Int, nodes: [NodeID], logs: [LogID], neighbors: [Int]) -> MemoryLog {
        var write = LogWrite()
        let known = Set(nodes)
        for event in index == newcomer ? [] : shared {
            let origin = event.header.origin
            let isForeign = origin != nodes[index] && known.contains(origin)
            write.entries.append(
                LogEntry(
                    position: UInt64(write.entries.count + 1), event: event,
                    sender: isForeign ? origin : nil))
        }
        write.clock = write.entries.map(\.event.header.time).max()
        write.peers = neighbors.map { neighbor in
            let isNew = index == newcomer || neighbor == newcomer
            return PeerRecord(
                node: nodes[neighbor], state: .active, approval: .byOperator,
                isApprovedThere: true, endpoints: ["sim://\(neighbor)"],
                label: "node \(neighbor)",
                cursor: isNew
                    ? nil : Cursor(log: logs[neighbor], position: UInt64(shared.count)),
                since: wall.microseconds)
        }
        var log = MemoryLog(id: logs[index])
        log.apply(write)
        return log
    }
}
