public import Core
import Federation

/// What `federate simulate` compares the methods on.
public struct Scenario: Hashable, Sendable {
    /// 2 to 1,000.
    public var nodes: Int
    /// In all, new and old; 1 to 1,000,000.
    public var events: Int
    /// Neighbors of each node, at least 1; no more than there are other nodes are taken.
    public var peersPerNode: Int
    /// Chance that a message is lost, 0 up to 0.9.
    public var loss: Double
    /// All else follows from it.
    public var seed: UInt64
    /// Events to run on instead of made ones, by any origins; `events` then says nothing. The new
    /// ones are the last ones by time, and are imported by the nodes in turn.
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
    public func prepared(
        _ divergences: [Divergence] = Divergence.frontPage
    ) throws(ScenarioError) -> PreparedScenario {
        try Self.check("nodes", nodes, 2...1_000)
        try Self.check("events", events, 1...1_000_000)
        try Self.check("peers-per-node", peersPerNode, 1...1_000)
        guard loss >= 0, loss <= 0.9 else { throw .outOfRange("loss", allowed: "0 to 0.9") }
        if let trace, trace.isEmpty { throw .emptyTrace }
        for case .new(let perMille) in divergences {
            try Self.check("divergence", perMille, 0...1_000)
        }
        return PreparedScenario(self, divergences)
    }

    static func check(
        _ option: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(ScenarioError) {
        guard range.contains(value) else {
            throw .outOfRange(option, allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// A scenario whose events, neighbors and schedule stand. A value: runs don't touch each other and
/// may be side by side.
public struct PreparedScenario: Sendable {
    public let scenario: Scenario
    /// In the order of the table.
    public let divergences: [Divergence]
    let workloads: [Divergence: Workload]
    let keys: [SecretKey]
    let topology: Topology
    let seeds: Seeds

    init(_ scenario: Scenario, _ divergences: [Divergence]) {
        self.scenario = scenario
        self.divergences = divergences
        seeds = Seeds(scenario.seed)
        let keys = (0..<scenario.nodes).map { [seeds] in seeds.key($0) }
        self.keys = keys
        var workloads: [Divergence: Workload] = [:]
        for divergence in divergences {
            workloads[divergence] = Workload(scenario, divergence, keys, seeds)
        }
        self.workloads = workloads
        var dice = seeds.dice("topology")
        topology = Topology(nodes: scenario.nodes, degree: scenario.peersPerNode, dice: &dice)
    }

    /// Runs one method on one divergence until all logs are equal, and proven so where the method
    /// can; see docs/SIMULATIONS.md. `divergence` is one of `divergences`.
    ///
    /// `clock` is monotonic; without one, the report has no wall time.
    public func run(
        _ method: SyncMethod, _ divergence: Divergence, clock: (() -> Duration)? = nil
    ) -> MethodReport {
        guard let workload = workloads[divergence] else {
            preconditionFailure("a divergence that was prepared")
        }
        let start = clock?()
        var run = MethodRun(self, method, divergence, workload)
        var report = run.report()
        if let start, let end = clock?() { report.record.wallTime = end - start }
        return report
    }
}
