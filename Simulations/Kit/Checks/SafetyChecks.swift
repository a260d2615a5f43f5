import Core
import Federation
import Gossip

/// What must never happen, looked at with each write and each report of a node.
///
/// It knows every event by its first copy and keeps what was acknowledged; it changes nothing.
struct SafetyChecks: Sendable {
    /// An event that a node has said is durable.
    struct Acknowledged: Hashable, Sendable {
        var id: EventID
        var node: Int
        var time: Instant
    }

    /// What one node has shown so far.
    private struct Shown: Sendable {
        /// The latest time of an event that is durable here.
        var latest = Timestamp.zero
        /// The time of its own last event.
        var own = Timestamp.zero
    }

    /// The first ones only: what follows a broken rule says little.
    private static let maxFindings = 20

    private(set) var findings: [Finding] = []
    private(set) var acknowledged: [Acknowledged] = []
    private(set) var coverage = Coverage()
    /// Origins of which two events for one place are known.
    private(set) var forked: Set<NodeID> = []
    /// Events by their first copy; whether it was sound.
    private var known: [EventID: Event] = [:]
    private var shown: [Shown]
    /// For each post under way, what its event must be later than.
    private var floors: [Token: Timestamp] = [:]
    private let admitted: Set<NodeID>
    /// Nodes that may do anything: only what others make of it is looked at.
    var dishonest: Set<Int> = []
    /// When each node's clock was last set otherwise.
    var clockSetAt: [Int: Instant] = [:]

    init(nodes: Int, admitted: Set<NodeID>) {
        shown = [Shown](repeating: Shown(), count: nodes)
        self.admitted = admitted
    }

    /// Events that any node has stored.
    var knownCount: Int { known.count }

    func event(_ id: EventID) -> Event? { known[id] }

    mutating func find(_ check: Finding.Check, _ node: Int?, _ time: Instant, _ text: String) {
        guard findings.count < Self.maxFindings else { return }
        findings.append(Finding(check: check, node: node, time: time, text: text))
    }

    mutating func cover(_ mark: Coverage.Mark, _ count: Int = 1) { coverage.add(mark, count) }
    mutating func cover(_ tally: LinkTally) { coverage.note(tally) }

    /// What a node held when it was told to post: its event must be later.
    mutating func willPost(_ token: Token, at node: Int) { floors[token] = shown[node].latest }

    /// A node has told its operator something.
    mutating func note(_ report: Report, of node: Int, at now: Instant) {
        coverage.note(report)
        if case .equivocation(let pair) = report { forked.insert(pair.origin) }
        guard case .appended(let token, let entries) = report else { return }
        let floor = floors.removeValue(forKey: token) ?? .zero
        for entry in entries {
            acknowledge(entry.event.id, by: node, at: now)
            if !(entry.event.header.time > floor), !dishonest.contains(node) {
                find(.clocks, node, now, "an own event is not later than what was held before")
            }
        }
    }

    mutating func acknowledge(_ id: EventID, by node: Int, at now: Instant) {
        acknowledged.append(Acknowledged(id: id, node: node, time: now))
    }

    /// A write is about to be durable. False where the log could not take it.
    mutating func noteWrite(
        _ write: LogWrite, of node: Int, _ log: MemoryLog, wall: WallTime, at now: Instant
    ) -> Bool {
        guard !dishonest.contains(node) else { return true }
        var position = log.entries.last?.position ?? 0
        var fresh: Set<EventID> = []
        for entry in write.entries {
            let event = entry.event
            if log.holds(event.id) || !fresh.insert(event.id).inserted {
                find(.once, node, now, "\(event.id.short) is stored a second time")
                return false
            }
            if entry.position <= position {
                find(.once, node, now, "position \(entry.position) comes after \(position)")
                return false
            }
            position = entry.position
            check(event, of: node, at: now)
            checkChain(event, write, node, log, fresh, now)
            checkClock(entry, node, wall, now)
        }
        return true
    }

    private mutating func check(_ event: Event, of node: Int, at now: Instant) {
        if let first = known[event.id] {
            guard first.headerBytes == event.headerBytes else {
                return find(.signed, node, now, "two events with the id \(event.id.short)")
            }
            // The id does not cover the signature.
            if first.signature != event.signature, !event.isSigned() {
                find(.signed, node, now, "the signature of \(event.id.short) does not hold")
            }
            if !event.bodyMatches {
                find(.signed, node, now, "\(event.id.short) has another body than was signed")
            }
            return
        }
        known[event.id] = event
        if SHA256.hash(event.headerBytes) != event.id {
            find(.signed, node, now, "\(event.id.short) is not the hash of its header")
        }
        if !event.isSigned() {
            find(.signed, node, now, "the signature of \(event.id.short) does not hold")
        }
        if !event.bodyMatches {
            find(.signed, node, now, "\(event.id.short) has another body than was signed")
        }
        if !admitted.contains(event.header.origin) {
            find(.signed, node, now, "\(event.id.short) is of an origin that nobody admits")
        }
    }

    private mutating func checkChain(
        _ event: Event, _ write: LogWrite, _ node: Int, _ log: MemoryLog, _ fresh: Set<EventID>,
        _ now: Instant
    ) {
        let header = event.header
        guard let previous = header.previous else {
            if header.sequence != 1 {
                find(.chained, node, now, "number \(header.sequence) of a chain follows nothing")
            }
            return
        }
        let isHeld =
            log.holds(previous) || fresh.contains(previous) || write.links[event.id] != nil
        if !isHeld {
            find(
                .chained, node, now,
                "\(event.id.short), number \(header.sequence), is stored before the one it follows")
        }
    }

    private mutating func checkClock(
        _ entry: LogEntry, _ node: Int, _ wall: WallTime, _ now: Instant
    ) {
        let time = entry.event.header.time
        shown[node].latest = max(shown[node].latest, time)
        guard entry.sender != nil else {
            if time <= shown[node].own {
                find(.clocks, node, now, "its own events don't get later")
            }
            shown[node].own = time
            return
        }
        let isSteady = clockSetAt[node].map { now - $0 > .seconds(5) } ?? true
        let lead = Int64(time.physical) - Int64(wall.microseconds)
        if isSteady, lead > 60_000_000 {
            find(.clocks, node, now, "\(entry.event.id.short) is \(lead) us ahead of its clock")
        }
    }

    /// A node has started with this log.
    mutating func forget(_ node: Int, _ log: MemoryLog) {
        let times = log.entries.lazy.map(\.event.header.time)
        shown[node].latest = times.max() ?? .zero
        if shown[node].latest < shown[node].own { shown[node].own = .zero }
    }
}
