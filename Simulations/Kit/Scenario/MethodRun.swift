import Core
import Federation

/// One method at work on one divergence.
struct MethodRun {
    private let prepared: PreparedScenario
    private let method: SyncMethod
    private let divergence: Divergence
    private let workload: Workload
    private var simulation: Simulation
    private var sessions = 0

    /// Links are made before anything is written.
    private static let settling: Duration = .seconds(30)
    /// New events are written evenly over this time; the early ones too.
    private static let writing: Duration = .seconds(5)
    /// After which a run that has not ended is over.
    private static let patience: Duration = .seconds(600)
    /// The same for a method that can't do it.
    private static let shortPatience: Duration = .seconds(30)
    /// How often it is looked whether all is done, where no round says so.
    private static let look: Duration = .milliseconds(50)

    init(
        _ prepared: PreparedScenario, _ method: SyncMethod, _ divergence: Divergence,
        _ workload: Workload
    ) {
        self.prepared = prepared
        self.method = method
        self.divergence = divergence
        self.workload = workload
        simulation = prepared.world(for: method, workload)
    }

    /// Runs it to its end.
    mutating func report() -> MethodReport {
        warmUp()
        let start = simulation.now
        simulation.record()
        if let newcomer = workload.newcomer { simulation.start(newcomer) }
        post(workload.new)
        simulation.aim(at: workload.count)
        let written = workload.new.isEmpty ? start : start + Self.writing
        // Whoever has nothing to do shows for a round what that costs.
        let (isEqual, provenAt) = work(
            from: max(written, start + Schedule.round), in: "schedule")
        // What is under way belongs to the bill; an engine that never comes to rest must not hang
        // the run.
        if method.holdsSessions {
            simulation.run(until: simulation.now + .seconds(60)) { $0.isQuiet }
        }
        let equalAt = simulation.reachedGoal.reduce(Instant.zero) { last, time in
            max(last, time ?? .zero)
        }
        return MethodReport(
            method, divergence,
            record(
                RunRecord.Outcome(
                    isEqual: isEqual, isProven: provenAt != nil, proves: method.proves,
                    isMeant: method.isMeant(for: divergence),
                    equalAfter: isEqual ? max(.zero, equalAt - written) : nil,
                    provenAfter: provenAt.map { max(.zero, $0 - written) }, sessions: sessions,
                    neededEventBytes: neededBytes)))
    }

    private func record(_ outcome: RunRecord.Outcome) -> RunRecord {
        let label = RunLabel(
            scenario: "sync", method: method.rawValue, variant: divergence.name,
            seed: prepared.scenario.seed)
        guard var record = simulation.runRecord(label) else {
            preconditionFailure("a record was begun")
        }
        record.outcome = outcome
        record.verdict = outcome.isPass ? "pass" : "fail"
        return record
    }

    /// Encoded bytes of what each node lacked: events that must travel, once each.
    private var neededBytes: Int {
        if workload.newcomer != nil {
            return workload.shared.reduce(0) { $0 + $1.encodedSize }
        }
        // The last ones of each writer's chain were written while it was counted.
        let imported = workload.new.compactMap { post -> Event? in
            if case .imported(let event) = post.content { event } else { nil }
        }
        let written = workload.new.count - imported.count
        let bytes =
            imported.reduce(0) { $0 + $1.encodedSize }
            + simulation.log(of: 0).entries.map(\.event).sorted { $0.key < $1.key }
            .suffix(written).reduce(0) { $0 + $1.encodedSize }
        return bytes * (prepared.scenario.nodes - 1)
    }
}

/// Its phases.
extension MethodRun {
    /// A federation as it is when it has been running for a while, by this very method; nothing of
    /// it is counted.
    private mutating func warmUp() {
        simulation.run(until: .zero + Self.settling)
        simulation.aim(at: workload.shared.count + workload.early.count)
        post(workload.early)
        guard !workload.early.isEmpty else { return }
        _ = work(from: simulation.now + Self.writing, in: "early schedule", proving: false)
        sessions = 0
        simulation.run(until: simulation.now + .seconds(5))
    }

    /// Has all of them written, evenly over the time for that, from now on.
    private mutating func post(_ posts: [Workload.Post]) {
        for (place, post) in posts.enumerated() {
            let time = simulation.now + Self.writing * place / max(1, posts.count)
            let token = simulation.nextToken()
            switch post.content {
            case .draft(let draft):
                simulation.schedule(.append(token, [draft]), to: post.node, at: time)
            case .imported(let event):
                simulation.schedule(
                    .importEvents(token, Batch([event])), to: post.node, at: time)
            }
        }
    }

    /// Lets the method work until all logs are equal, and proven so where it can, but not before
    /// `earliest`. Says whether they are, and when that was proven.
    private mutating func work(
        from earliest: Instant, in stream: StaticString, proving: Bool = true
    ) -> (isEqual: Bool, provenAt: Instant?) {
        let start = simulation.now
        var schedule = Schedule(
            prepared.topology, from: start, dice: prepared.seeds.dice(stream))
        let isMeant = method.isMeant(for: divergence) || !proving
        let end = earliest + (isMeant ? Self.patience : Self.shortPatience)
        let needsProof = method.proves && proving
        var provenAt: Instant?
        while simulation.now < end {
            if method.holdsSessions, schedule.nextStart <= simulation.now {
                for session in schedule.next() { order(session) }
            }
            let next = simulation.now + Self.look
            simulation.run(until: next)
            let isDone = next >= earliest && isEqual && (!needsProof || simulation.isProvenEqual)
            guard isDone else { continue }
            if needsProof { provenAt = provenAt ?? next }
            // A round that has begun is held to its end.
            if !method.holdsSessions || schedule.nextStart <= next { break }
        }
        return (isEqual, provenAt)
    }

    private mutating func order(_ session: PlannedSession) {
        // Nobody begins anything with, or at, a node that is not there yet.
        guard simulation.isUp(session.first), simulation.isUp(session.second) else { return }
        sessions += 1
        let orders = method.orders(
            first: simulation.id(of: session.first), second: simulation.id(of: session.second))
        simulation.schedule(
            .operate(simulation.nextToken(), orders.first), to: session.first, at: session.time)
        if let second = orders.second {
            simulation.schedule(
                .operate(simulation.nextToken(), second), to: session.second, at: session.time)
        }
    }

    /// Whether every node that is up holds every event there is to be, and all trees have one root.
    private var isEqual: Bool {
        let up = (0..<simulation.nodeCount).filter { simulation.isUp($0) }
        guard let first = up.first,
            up.allSatisfy({ simulation.log(of: $0).count == simulation.goal })
        else { return false }
        let root = simulation.root(of: first)
        return up.allSatisfy { simulation.root(of: $0) == root }
    }
}

extension Simulation {
    /// From now on a node has reached its goal when it holds so many events.
    fileprivate mutating func aim(at goal: Int) {
        self.goal = goal
        reachedGoal = nodes.map { $0.log.count >= goal ? now : nil }
    }
}

extension PreparedScenario {
    /// The nodes with their logs, nothing yet said; all up but a newcomer.
    func world(for method: SyncMethod, _ workload: Workload) -> Simulation {
        let options = Simulation.Options(
            seed: scenario.seed,
            link: LinkModel(isConstant: true, loss: scenario.loss), wall: workload.wall)
        var simulation = Simulation(options)
        let nodes = keys.map(\.node)
        var secrets = seeds.secrets("logs")
        let logs = keys.map { _ in LogID.fresh(&secrets) }
        let settings = method.settings(workload.origins.union(nodes))
        for index in keys.indices {
            let neighbors =
                method == .push
                ? keys.indices.filter { $0 != index } : topology.neighbors[index]
            let log = workload.log(of: index, nodes: nodes, logs: logs, neighbors: neighbors)
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        for index in keys.indices where index != workload.newcomer { simulation.start(index) }
        return simulation
    }
}
