public import Core
import Federation

/// What `federate simulate` compares the methods on.
public struct Scenario: Hashable, Sendable {
    /// 2 to 1,000.
    public var nodes: Int
    /// Nine tenths are held by all at the start, one tenth by one node each. 1 to 1,000,000.
    public var events: Int
    /// Neighbors of each node, at least 1; no more than there are other nodes are taken.
    public var peersPerNode: Int
    /// Chance that a message is lost, 0 up to 0.9.
    public var loss: Double
    /// All else follows from it.
    public var seed: UInt64
    /// Events to run on instead of made ones, by any origins; `events` then says nothing.
    public var trace: [Event]?

    public init(
        nodes: Int = 50, events: Int = 2_000, peersPerNode: Int = 8, loss: Double = 0,
        seed: UInt64 = 1, trace: [Event]? = nil
    ) {
        self.nodes = nodes
        self.events = events
        self.peersPerNode = peersPerNode
        self.loss = loss
        self.seed = seed
        self.trace = trace
    }

    /// Makes keys, events, neighbors and the schedule: what is the same for all methods.
    public func prepared() throws(ScenarioError) -> PreparedScenario {
        try Self.check("nodes", nodes, 2...1_000)
        try Self.check("events", events, 1...1_000_000)
        try Self.check("peers-per-node", peersPerNode, 1...1_000)
        guard loss >= 0, loss <= 0.9 else { throw .outOfRange("loss", allowed: "0 to 0.9") }
        if let trace, trace.isEmpty { throw .emptyTrace }
        return PreparedScenario(self)
    }

    static func check(
        _ option: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(ScenarioError) {
        guard range.contains(value) else {
            throw .outOfRange(option, allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// A scenario whose events, neighbors and schedule stand. A value: methods may run side by side.
public struct PreparedScenario: Sendable {
    public let scenario: Scenario
    let workload: Workload
    let keys: [SecretKey]
    let topology: Topology
    let seeds: Seeds

    init(_ scenario: Scenario) {
        self.scenario = scenario
        seeds = Seeds(scenario.seed)
        keys = (0..<scenario.nodes).map { [seeds] in seeds.key($0) }
        workload =
            scenario.trace.map { Workload(trace: $0, nodes: scenario.nodes) }
            ?? Workload(count: scenario.events, keys: keys, seeds: seeds)
        var dice = seeds.dice("topology")
        topology = Topology(nodes: scenario.nodes, degree: scenario.peersPerNode, dice: &dice)
    }
}

/// Running.
extension PreparedScenario {
    /// Rounds after which a run that has not converged ends.
    static let maxRounds = 600

    /// Runs one method from the start until all logs are equal and nothing is under way, or
    /// `maxRounds` have passed.
    ///
    /// `clock` is monotonic; without one, `MethodReport.wallTime` is nil.
    public func run(_ method: SyncMethod, clock: (() -> Duration)? = nil) -> MethodReport {
        let start = clock?()
        var simulation = world(for: method)
        var schedule = Schedule(topology, dice: seeds.dice("schedule"))
        var sessions = 0
        for _ in 0..<Self.maxRounds {
            simulation.run(until: schedule.nextStart)
            if areEqual(simulation) { break }
            for session in schedule.next() {
                order(method, session, in: &simulation)
                sessions += 1
            }
        }
        // What is under way belongs to the bill; an engine that never comes to rest must not hang
        // the run.
        simulation.run(until: simulation.now + .seconds(60)) { $0.isQuiet }
        var report = MethodReport(
            method, simulation, sessions: sessions, converged: areEqual(simulation))
        if let start, let end = clock?() { report.wallTime = end - start }
        return report
    }

    private func order(
        _ method: SyncMethod, _ session: PlannedSession, in simulation: inout Simulation
    ) {
        let orders = method.orders(
            first: keys[session.first].node, second: keys[session.second].node)
        let token = simulation.nextToken()
        simulation.schedule(
            .operate(token, orders.first), to: session.first, at: session.time)
        if let second = orders.second {
            simulation.schedule(
                .operate(simulation.nextToken(), second), to: session.second, at: session.time)
        }
    }

    /// The nodes with their logs, all up, nothing yet said.
    func world(for method: SyncMethod) -> Simulation {
        let options = Simulation.Options(
            seed: scenario.seed, link: LinkModel(loss: scenario.loss), wall: workload.wall)
        var simulation = Simulation(options)
        simulation.goal = workload.count
        let nodes = keys.map(\.node)
        var secrets = seeds.secrets("logs")
        let logs = keys.map { _ in LogID.fresh(&secrets) }
        let settings = Settings(
            policy: Policy(origins: workload.origins.union(nodes)), isAutomatic: false,
            reconciler: method.reconciler)
        for index in keys.indices {
            let log = workload.log(
                of: index, nodes: nodes, logs: logs, neighbors: topology.neighbors[index])
            _ = simulation.add(key: keys[index], log: log, settings: settings)
        }
        for index in keys.indices { simulation.start(index) }
        return simulation
    }

    /// Whether every node holds every event, and all trees have one root.
    private func areEqual(_ simulation: Simulation) -> Bool {
        let root = simulation.root(of: 0)
        return keys.indices.allSatisfy {
            simulation.log(of: $0).count == workload.count && simulation.root(of: $0) == root
        }
    }
}
