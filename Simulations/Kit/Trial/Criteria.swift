import Core

/// What a run must show to pass, beside that every check holds. Nil says nothing.
public struct Criteria: Hashable, Sendable {
    /// So long after the last event and the end of the last fault every honest node that is up
    /// holds everything. Twice the pause between two comparisons of logs, and 5 s, unless a
    /// scenario says otherwise.
    public var within = Duration.seconds(65)
    /// Copies that came for each that was new, minus one.
    public var rmr: Double?
    public var p50: Duration?
    public var p99: Duration?
    /// Mean of the longest ways, in hops, of up to 50 nodes; one more for each doubling of them.
    public var lastHop: Double?
    /// What holds instead of the three above, by ascending numbers of nodes: between two of them
    /// the limits are on a line over doublings, beyond the last one they are the last one's.
    public var sizes: [SizeLimits] = []
    /// Bytes for each delivery by the event's own size.
    public var bytesFactor: Double?
    /// p99 between nodes that no fault is planned for and that are honest.
    public var othersP99: Duration?
    /// After so long each node that is up has a neighbor, and views are never too large.
    public var neighborsWithin: Duration?
    /// p99 at nodes that no fault is planned for, by the p99 of the same run without faults and
    /// adversaries.
    public var calmFactor: Double?
    /// What a node that joins late, or comes back empty, is sent, by the size of what it lacked.
    public var catchUpFactor: Double?

    /// Whether a run in which a dishonest node did nothing dishonest fails, as it shows nothing.
    public var needsActs = true

    public init() {}
}

/// Limits for one number of nodes.
public struct SizeLimits: Hashable, Sendable {
    public var nodes: Int
    /// The median of several seeds keeps it, each of them within `Criteria.p50Slack`.
    public var p50: Duration
    public var p99: Duration
    /// Mean of the longest ways, in hops.
    public var lastHop: Double

    public init(nodes: Int, p50: Duration, p99: Duration, lastHop: Double) {
        self.nodes = nodes
        self.p50 = p50
        self.p99 = p99
        self.lastHop = lastHop
    }
}

extension Criteria {
    /// By how much the p50 of one seed may be above that of `SizeLimits`: where the seed's trees
    /// happen to be deep, half of all events take a little longer.
    static let p50Slack = 1.05

    /// The limits of `sizes` for so many nodes; nil where there are none.
    func limits(of nodes: Int) -> SizeLimits? {
        guard let above = sizes.first(where: { $0.nodes >= nodes }) else { return sizes.last }
        guard let below = sizes.last(where: { $0.nodes < nodes }) else { return above }
        let start = Self.logarithm(below.nodes)
        let part = (Self.logarithm(nodes) - start) / (Self.logarithm(above.nodes) - start)
        func between(_ a: Duration, _ b: Duration) -> Duration {
            let distance = Double((b - a).microseconds) * part
            return a + .microseconds(Int64(distance.rounded()))
        }
        return SizeLimits(
            nodes: nodes, p50: between(below.p50, above.p50), p99: between(below.p99, above.p99),
            lastHop: below.lastHop + (above.lastHop - below.lastHop) * part)
    }

    /// To the base of two; on straight lines between powers of two.
    private static func logarithm(_ nodes: Int) -> Double {
        Double(Double(nodes).exponent) + Double(nodes).significand - 1
    }
}

extension Criteria {
    /// How often 50 nodes must be doubled to be as many: trees get deeper by no more than that.
    static func doublings(of nodes: Int) -> Double {
        let times = max(1, nodes / 50)
        return Double(Int.bitWidth - times.leadingZeroBitCount - 1)
    }

    /// Each criterion with what the run has shown.
    func judge(
        _ figures: SpreadReport, _ run: ScenarioRun, catchUp: Double?
    ) -> [ScenarioResult.Criterion] {
        var judged: [ScenarioResult.Criterion] = []
        func most(_ name: String, _ limit: Double?, _ value: Double?, _ places: Int = 2) {
            guard let limit else { return }
            judged.append(
                ScenarioResult.Criterion(
                    name: name, limit: Text.fixed(limit, places),
                    value: value.map { Text.fixed($0, places) } ?? "none",
                    isMet: value.map { $0 <= limit } ?? false))
        }
        func milliseconds(_ duration: Duration) -> Double { Double(duration.microseconds) / 1000 }
        most(
            "equal within s", Double(within.microseconds) / 1e6,
            figures.settled.map { Double($0.microseconds) / 1e6 }, 1)
        most("RMR", rmr, figures.rmr, 3)
        let sized = limits(of: run.options.nodes)
        most(
            "p50 ms", sized.map { milliseconds($0.p50) * Self.p50Slack } ?? p50.map(milliseconds),
            milliseconds(figures.p50), 1)
        most("p99 ms", (sized?.p99 ?? p99).map(milliseconds), milliseconds(figures.p99), 1)
        most(
            "last hop",
            sized?.lastHop ?? lastHop.map { $0 + Self.doublings(of: run.options.nodes) },
            figures.lastHopMean, 1)
        most(
            "x event", bytesFactor,
            figures.eventBytes > 0 ? figures.bytesPerDelivery / figures.eventBytes : nil)
        most("p99 of others ms", othersP99.map(milliseconds), run.untouchedP99.map(milliseconds), 1)
        if !run.arrivals.isEmpty { most("bytes by what was lacked", catchUpFactor, catchUp) }
        if needsActs, !run.adversaries.isEmpty {
            let acts = run.adversaries.map { run.simulation.adversaryActs(of: $0.node) }.min() ?? 0
            judged.append(
                ScenarioResult.Criterion(
                    name: "acts of each dishonest node", limit: "1 or more", value: "\(acts)",
                    isMet: acts > 0))
        }
        most(
            "all have neighbors within s", neighborsWithin.map { Double($0.microseconds) / 1e6 },
            run.neighborsAt.map { Double($0.microseconds) / 1e6 }, 1)
        return judged
    }
}
