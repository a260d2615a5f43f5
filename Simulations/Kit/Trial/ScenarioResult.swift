import Core

/// What one run of a scenario has shown.
public struct ScenarioResult: Sendable {
    /// One of the scenario's limits.
    public struct Criterion: Hashable, Sendable {
        /// What is measured, with its unit.
        public var name: String
        /// The highest value that is allowed, and the one that was found.
        public var limit: String
        public var value: String
        public var isMet: Bool
    }

    public let scenario: String
    public let options: ScenarioRun.Options
    /// Events that were to be posted.
    public let events: Int
    public let figures: SpreadReport
    public internal(set) var criteria: [Criterion]
    /// What the median of p50 over several seeds must keep; nil where the scenario says nothing.
    public let medianTarget: Duration?
    /// Checks that did not hold.
    public let findings: [Finding]
    public let coverage: Coverage
    /// How often something went wrong, as planned; what ends it is not counted.
    public let faults: Int
    /// Events that nodes acknowledged.
    public let acknowledged: Int
    /// Dishonest nodes.
    public let adversaries: [Int]
    /// How long it was, in virtual time.
    public let time: Duration
    /// What the simulator carried out, one after the other.
    public let happenings: Int
    /// Whether it was ended before its time.
    public internal(set) var isCut: Bool
    /// Options that change the scenario, as they were typed; they belong to the line that replays.
    public var typed = ""
    /// What a page shows; nil where nobody asked for it.
    public private(set) var record: RunRecord?
    /// What it took here; nil where nobody measured.
    public var wallTime: Duration?

    init(_ run: ScenarioRun, figures: SpreadReport, criteria: [Criterion], isCut: Bool) {
        scenario = run.plan.name
        options = run.options
        events = run.events
        self.figures = figures
        self.criteria = criteria
        medianTarget = run.plan.criteria.limits(of: run.options.nodes)?.p50
        findings = run.simulation.findings
        coverage = run.simulation.coverage
        faults = run.timeline.faultCount
        acknowledged = run.simulation.acknowledged.count
        adversaries = run.adversaries.map(\.node)
        time = run.simulation.now - .zero
        happenings = run.simulation.happeningCount
        self.isCut = isCut
        let label = RunLabel(
            scenario: scenario, method: options.method.rawValue, seed: options.seed,
            command: "federate simulate --replay \(replay)")
        record = run.simulation.runRecord(label)
    }

    /// Tells the page how it ended.
    mutating func fillRecord() {
        let verdict = isPass ? "pass" : "fail"
        record?.verdict = verdict
        record?.failures =
            findings.map(\.description)
            + criteria.filter { !$0.isMet }.map { "\($0.name): \($0.value), limit \($0.limit)" }
    }

    /// Whether every check held and every criterion is met, and the run was not cut short.
    public var isPass: Bool { !isCut && findings.isEmpty && criteria.allSatisfy(\.isMet) }

    /// What failed first, for a comparison of two failing runs; nil for a pass.
    public var failure: String? {
        findings.first?.check.rawValue ?? criteria.first { !$0.isMet }?.name
    }

    /// Names this very run.
    public var replay: ReplayLine { ReplayLine(scenario: scenario, options: options) }
}
