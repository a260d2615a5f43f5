import Core
import Federation
import Gossip

/// What a run has shown when its time was up, and what it shows once it has come to rest.
struct Judgement: Sendable {
    let isEqual: Bool
    /// Part of all events that was at each node that had to hold them.
    let fraction: Double
    private let healed: Instant
    private let sums: Sums
    private let deliveries: Deliveries?
    /// Bytes that late nodes were sent, by the size of what they lacked; the highest.
    private let catchUp: Double?

    init(_ run: ScenarioRun, healed: Instant, sums: Sums) {
        self.healed = healed
        self.sums = sums
        isEqual = run.isEqual
        fraction = Self.fraction(run)
        deliveries = run.simulation.deliveries
        catchUp = Self.catchUp(run)
    }

    private static func fraction(_ run: ScenarioRun) -> Double {
        let core = run.core
        var all: Set<EventID> = []
        var held = 0
        let gone = run.gone
        for node in core {
            let here = run.held(by: node, without: gone)
            held += here.count
            all.formUnion(here)
        }
        guard !all.isEmpty, !core.isEmpty else { return 0 }
        return Double(held) / Double(all.count * core.count)
    }

    private static func catchUp(_ run: ScenarioRun) -> Double? {
        run.arrivals.sorted { $0.key < $1.key }.compactMap { node, before in
            let received = run.simulation.traffic(of: node).receivedBytes - before.received
            let gained = run.simulation.logBytes(of: node) - before.held
            return gained > 0 ? Double(received) / Double(gained) : nil
        }.max()
    }

    /// The run's result, when it is over.
    func result(
        of run: inout ScenarioRun, settled: Duration?, restless: Int, isCut: Bool
    ) -> ScenarioResult {
        let figures = SpreadReport(
            run.options.method, run.simulation, sums, deliveries, fraction: fraction,
            settled: settled)
        if !isCut {
            if !isEqual { findDifferences(&run, settled) }
            findLost(&run)
            findForks(&run)
            findIntruders(&run)
            if run.options.method != .push { findLoose(&run) }
            findUnrest(&run, restless)
        }
        run.simulation.coverTallies()
        return ScenarioResult(
            run, figures: figures,
            criteria: run.plan.criteria.judge(figures, run, catchUp: catchUp), isCut: isCut)
    }

    /// L1, L6: who lacks what, and why nothing explains it.
    private func findDifferences(_ run: inout ScenarioRun, _ settled: Duration?) {
        let gone = run.gone
        let held = run.core.map { (node: $0, events: run.held(by: $0, without: gone)) }
        let all = held.reduce(into: Set<EventID>()) { $0.formUnion($1.events) }
        let behind = held.filter { $0.events.count < all.count }
        guard let worst = behind.min(by: { $0.events.count < $1.events.count }) else { return }
        let missing = all.subtracting(worst.events).min()
        let when = settled.map { "equal after \(Text.seconds($0, places: 1)) s" } ?? "never equal"
        run.simulation.find(
            .converged, worst.node,
            "\(Text.seconds(run.plan.criteria.within, places: 0)) s after the last fault "
                + "\(behind.count) of \(held.count) nodes lack events, this one "
                + "\(all.count - worst.events.count) of \(all.count), such as "
                + "\(missing.map { Self.name($0, run) } ?? "none"); \(when)")
    }

    /// An event as somebody who looks for it wants it named.
    private static func name(_ id: EventID, _ run: ScenarioRun) -> String {
        guard let header = run.simulation.checks?.event(id)?.header else { return id.short }
        let origin = run.simulation.indices[header.origin].map { "node \($0)" } ?? "a stranger"
        return "\(id.short), number \(header.sequence) of \(origin)"
    }

    /// S2, L6: what was acknowledged and is nowhere, unless a recorded fault took it.
    private func findLost(_ run: inout ScenarioRun) {
        var held: Set<EventID> = []
        for node in run.core {
            held.formUnion(run.simulation.log(of: node).entries.map(\.event.id))
        }
        for entry in run.simulation.acknowledged where !held.contains(entry.id) {
            if run.removed.contains(entry.node) || !run.honest.contains(entry.node) { continue }
            // Who is up again has what its disk had; who is not has taken it along.
            let isGone = !run.simulation.isUp(entry.node)
            guard !isGone, !run.isLossExplained(of: entry) else { continue }
            run.simulation.find(
                .explained, entry.node,
                "\(entry.id.short), acknowledged at "
                    + "\(Text.seconds(entry.time - .zero, places: 3)) s, is nowhere, and no fault "
                    + "explains it")
        }
        for node in run.core {
            let log = run.simulation.log(of: node)
            let lost = run.simulation.acknowledged.first { entry in
                entry.node == node && !log.holds(entry.id) && !run.isLossExplained(of: entry)
            }
            if let lost {
                run.simulation.find(.kept, node, "it has lost its own \(lost.id.short)")
            }
        }
    }

    /// S3: an honest node with a sound disk never signs two events for one place.
    private func findForks(_ run: inout ScenarioRun) {
        for origin in (run.simulation.checks?.forked ?? []).sorted() {
            guard let node = run.simulation.indices[origin], run.honest.contains(node),
                !run.simulation.faults.contains(where: {
                    $0.explainsFork(of: node, isAlone: run.faultCount == 1)
                })
            else { continue }
            run.simulation.find(.chained, node, "it has signed two events for one place")
        }
    }

    /// S1: what a removed node signs later gets nowhere. Where other faults keep the removal from
    /// somebody this says nothing.
    private func findIntruders(_ run: inout ScenarioRun) {
        guard run.faultCount == 1 else { return }
        for entry in run.simulation.acknowledged {
            guard let since = run.removedAt[entry.node], entry.time - since > .seconds(5),
                let node = run.core.first(where: { run.simulation.log(of: $0).holds(entry.id) })
            else { continue }
            run.simulation.find(
                .signed, node, "\(entry.id.short) is of node \(entry.node), which it has removed")
            return
        }
    }

    /// L2, L3, L4: neighbors connect all, nobody is alone, nothing is waited for.
    private func findLoose(_ run: inout ScenarioRun) {
        let core = run.core
        guard core.count > 1, let first = core.first else { return }
        var reached: Set<Int> = [first]
        var open = [first]
        var views: [Int: [Int]] = [:]
        for node in core {
            guard let standing = run.simulation.nodes[node].engine?.gossip.standing, standing.isOn
            else { continue }
            views[node] = standing.neighbors.compactMap { run.simulation.indices[$0.node] }
            if standing.neighbors.isEmpty { run.simulation.find(.neighbors, node, "it has none") }
            // What a dishonest node announces need not exist, of a removed one nothing is taken.
            if standing.missing > 0, run.adversaries.isEmpty, run.removed.isEmpty {
                run.simulation.find(
                    .settled, node, "\(standing.missing) announced events have not come")
            }
        }
        while let node = open.popLast() {
            for other in views[node] ?? [] where reached.insert(other).inserted {
                open.append(other)
            }
        }
        // Who keeps no neighbors is reached as a peer.
        let apart = core.filter { views[$0] != nil && !reached.contains($0) }
        guard views[first] != nil else { return }
        if !apart.isEmpty {
            run.simulation.find(
                .connected, apart.first,
                "\(apart.count) of \(core.count) nodes are not reached by neighbors")
        }
    }

    /// L5: a federation that is done comes to rest.
    private func findUnrest(_ run: inout ScenarioRun, _ happenings: Int) {
        let most = run.options.nodes * Self.happeningsAtRest
        guard run.isEqual, run.adversaries.isEmpty, happenings > most else { return }
        run.simulation.find(
            .quiet, nil, "\(happenings) happenings in 10 s after all was done, more than \(most)")
    }

    /// Of one node in ten seconds: signs of life and views of at most 24 neighbors, a session and a
    /// visit, with the timers for all this.
    private static let happeningsAtRest = 2_000
}

extension RecordedFault {
    /// Whether it can have made a node sign a place of its chain again. Out of a backup it may
    /// where other faults keep its latest events from the peer that it catches up with.
    func explainsFork(of node: Int, isAlone: Bool) -> Bool {
        switch fault {
        case .start(node, from: .empty), .disk(node, .losesLast): true
        case .start(node, from: .backup): !isAlone
        default: false
        }
    }

    /// Whether it can have taken an event that a node had acknowledged.
    func explainsLoss(at node: Int, since: Instant) -> Bool {
        switch fault {
        // The crash that it needs comes later.
        case .disk(node, .losesLast): true
        case .start(node, from: .empty), .start(node, from: .backup): time >= since
        default: false
        }
    }
}

extension ScenarioRun {
    fileprivate func isLossExplained(of entry: SafetyChecks.Acknowledged) -> Bool {
        simulation.faults.contains { $0.explainsLoss(at: entry.node, since: entry.time) }
    }

    /// Faults of the plan that were not left out.
    fileprivate var faultCount: Int {
        plan.faults.indices.count { !options.without.contains($0) }
    }
}
