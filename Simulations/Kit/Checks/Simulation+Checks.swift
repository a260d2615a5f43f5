import Core
import Federation
import Gossip

/// What is checked while a simulation runs; nothing where nobody asked for it.
extension Simulation {
    /// From now on every write and report is checked. `admitted` are those whose events may be
    /// stored.
    mutating func check(admitted: Set<NodeID>) {
        checks = SafetyChecks(nodes: nodes.count, admitted: admitted)
    }

    /// Whether a write is one that a log can take; true where nothing is checked.
    mutating func isSound(_ write: LogWrite, of index: Int) -> Bool {
        // Taken out, so that neither it nor the log is copied.
        guard var checks = checks.take() else { return true }
        defer { self.checks = checks }
        return checks.noteWrite(
            write, of: index, nodes[index].log, wall: wall(of: index), at: now)
    }

    /// Checks that did not hold, the first twenty.
    public var findings: [Finding] { checks?.findings ?? [] }
    /// What happened at all.
    public var coverage: Coverage { checks?.coverage ?? Coverage() }
    /// Posts that nodes have said are durable, in the order in which they said so.
    var acknowledged: [SafetyChecks.Acknowledged] { checks?.acknowledged ?? [] }

    mutating func find(_ check: Finding.Check, _ node: Int?, _ text: String) {
        checks?.find(check, node, now, text)
    }

    mutating func cover(_ mark: Coverage.Mark, _ count: Int = 1) { checks?.cover(mark, count) }

    mutating func willPost(_ token: Token, at node: Int) { checks?.willPost(token, at: node) }

    /// A node has started, perhaps with less than it held: what it signs must follow what it still
    /// knows.
    mutating func forgetLost(by index: Int) { checks?.forget(index, nodes[index].log) }

    /// A node's clock goes otherwise from now on: what it has judged before may be stored after.
    mutating func noteClock(of index: Int) { checks?.clockSetAt[index] = now }

    /// Adds what all links have carried to the coverage.
    mutating func coverTallies() {
        for index in nodes.indices where isHonest(index) {
            var tally = nodes[index].past
            tally += nodes[index].engine?.gossip.tally ?? LinkTally()
            checks?.cover(tally)
            for (code, count) in nodes[index].engine?.refusals ?? [:] {
                if code == .overBudget { cover(.overBudget, Int(count)) }
                if code == .tooEarly { cover(.tooEarly, Int(count)) }
            }
        }
    }
}

/// What a run asks often, without a copy of an engine or a log.
extension Simulation {
    /// Events in a node's log.
    func eventCount(of index: Int) -> Int { nodes[index].log.count }

    /// Encoded bytes of the events in a node's log, to within a few each.
    func logBytes(of index: Int) -> Int {
        nodes[index].log.entries.reduce(0) { $0 + $1.event.wireSize }
    }

    /// Whether a node has a neighbor; true of one without an overlay.
    func hasNeighbor(_ index: Int) -> Bool {
        guard nodes[index].settings.gossip.mode != .off else { return true }
        return nodes[index].engine?.gossip.standing.neighbors.isEmpty == false
    }
}
