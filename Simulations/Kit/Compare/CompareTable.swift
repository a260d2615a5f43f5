import Core
import MerkleSearchTree

/// Many pairs of logs, over sizes, differences, placements and seeds: means and worst cases.
public struct CompareTable: Sendable {
    /// What is gone through.
    public struct Grid: Hashable, Sendable {
        public var items: [Int]
        public var different: [Int]
        public var placements: [CompareScenario.Placement]
        public var seeds: ClosedRange<UInt64>
        public var methods: [CompareMethod]

        public init(
            items: [Int], different: [Int] = [0, 1, 10, 100, 1_000, 10_000],
            placements: [CompareScenario.Placement] = [.recent, .scattered, .random],
            seeds: ClosedRange<UInt64> = 1...5, methods: [CompareMethod] = [.ours]
        ) {
            self.items = items
            self.different = different
            self.placements = placements
            self.seeds = seeds
            self.methods = methods
        }
    }

    /// All seeds of one method for one kind of pair.
    public struct Row: Hashable, Sendable {
        public let method: CompareMethod
        public let placement: CompareScenario.Placement
        public let items: Int
        public let different: Int
        public internal(set) var runs: [CompareReport.Result]

        /// Over the seeds.
        public var meanBytes: Double { mean { $0.bytes } }
        /// Over the seeds.
        public var worstBytes: Int { runs.map(\.bytes).max() ?? 0 }
        /// Over the seeds.
        public var meanRoundTrips: Double { mean { $0.roundTrips } }
        /// Over the seeds.
        public var worstRoundTrips: Int { runs.map(\.roundTrips).max() ?? 0 }
        /// Whether every seed's difference was found.
        public var isExact: Bool { runs.allSatisfy(\.isExact) }
        /// The median of each side's processor time until the difference is known, and in all.
        public var initiator: Duration { median(\.initiator) }
        public var responder: Duration { median(\.responder) }
        /// With the exchange and the proof.
        public var initiatorInAll: Duration { median(\.initiatorInAll) }
        /// With the exchange and the proof.
        public var responderInAll: Duration { median(\.responderInAll) }

        private func mean(_ figure: (CompareReport.Result) -> Int) -> Double {
            Double(runs.reduce(0) { $0 + figure($1) }) / Double(max(1, runs.count))
        }

        private func median(_ figure: (CompareReport.Result) -> Duration) -> Duration {
            let sorted = runs.map(figure).sorted()
            return sorted.isEmpty ? .zero : sorted[sorted.count / 2]
        }
    }

    public private(set) var rows: [Row] = []

    public init() {}

    /// Whether every run found the true difference.
    public var isExact: Bool { rows.allSatisfy(\.isExact) }

    /// Goes through a grid; rows that are there already get more runs. `progress` is told what
    /// comes next.
    public mutating func run(
        _ grid: Grid, cpuClock: @escaping () -> Duration, progress: (String) -> Void = { _ in }
    ) throws(ScenarioError) {
        for items in grid.items {
            for isCrowded in [false, true] {
                let placements = grid.placements.filter { ($0 == .crowded) == isCrowded }
                if placements.isEmpty { continue }
                for seed in grid.seeds {
                    let scenarios = placements.flatMap { placement in
                        grid.different.map {
                            CompareScenario(
                                items: items, different: $0, placement: placement, seed: seed)
                        }
                    }
                    try run(scenarios, grid.methods, cpuClock, progress)
                }
            }
        }
    }

    /// Scenarios that share their items.
    private mutating func run(
        _ scenarios: [CompareScenario], _ methods: [CompareMethod],
        _ cpuClock: @escaping () -> Duration, _ progress: (String) -> Void
    ) throws(ScenarioError) {
        for scenario in scenarios { try scenario.check() }
        guard let largest = scenarios.max(by: { $0.total < $1.total }) else { return }
        progress("\(Text.grouped(largest.items)) items, seed \(largest.seed)")
        var base = CompareBase(largest)
        for scenario in scenarios {
            let pair = base.pair(scenario)
            for method in methods {
                progress(
                    "\(Text.grouped(scenario.items)) items, seed \(scenario.seed), "
                        + "\(scenario.different) \(scenario.placement.rawValue), "
                        + method.rawValue)
                let result = CompareRun.result(of: method, pair, salt: scenario.salt, cpuClock)
                add(result, of: scenario)
            }
        }
    }

    private mutating func add(_ result: CompareReport.Result, of scenario: CompareScenario) {
        let place = rows.firstIndex {
            $0.method == result.method && $0.placement == scenario.placement
                && $0.items == scenario.items && $0.different == scenario.different
        }
        if let place {
            rows[place].runs.append(result)
        } else {
            rows.append(
                Row(
                    method: result.method, placement: scenario.placement, items: scenario.items,
                    different: scenario.different, runs: [result]))
        }
    }
}

/// Showing.
extension CompareTable {
    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "items", "placement", "different", "bytes: mean", "worst", "a difference",
            "round trips: mean", "worst", "initiator ms", "responder ms", "with proof ms", "exact",
            "target", "",
        ])
        for row in rows {
            let target = CompareTarget.of(row)
            table.add([
                row.method.rawValue, Text.grouped(row.items), row.placement.rawValue,
                Text.grouped(row.different), Text.grouped(Int(row.meanBytes.rounded())),
                Text.grouped(row.worstBytes), perDifference(row),
                Text.decimal(Int64((row.meanRoundTrips * 100).rounded()), places: 2),
                "\(row.worstRoundTrips)", Text.milliseconds(row.initiator),
                Text.milliseconds(row.responder),
                Text.milliseconds(row.initiatorInAll) + " / "
                    + Text.milliseconds(row.responderInAll),
                row.isExact ? "yes" : "NO",
                target.map { "\(Text.grouped($0.bytes)) B, \($0.roundTrips)" } ?? "",
                target.map { $0.isMet(by: row) ? "met" : "MISSED" } ?? "",
            ])
        }
        return table.text
    }

    private func perDifference(_ row: Row) -> String {
        let sides = row.placement == .known ? 2 : 1
        guard row.different > 0 else { return "-" }
        let tenths = row.meanBytes * 10 / Double(row.different * sides)
        return Text.decimal(Int64(tenths.rounded()), places: 1)
    }

    /// For programs; one line without a newline.
    public func json() -> String {
        var json = JSONWriter()
        json.object { json in
            json.array("rows", rows) { json, row in
                json.field("method", row.method.rawValue)
                json.field("items", row.items)
                json.field("placement", row.placement.rawValue)
                json.field("different", row.different)
                json.field("runs", row.runs.count)
                json.field("meanBytes", number: "\(row.meanBytes)")
                json.field("worstBytes", row.worstBytes)
                json.field("meanRoundTrips", number: "\(row.meanRoundTrips)")
                json.field("worstRoundTrips", row.worstRoundTrips)
                json.object("cpuMilliseconds") { json in
                    json.field("initiator", number: Text.milliseconds(row.initiator))
                    json.field("responder", number: Text.milliseconds(row.responder))
                    json.field("initiatorInAll", number: Text.milliseconds(row.initiatorInAll))
                    json.field("responderInAll", number: Text.milliseconds(row.responderInAll))
                }
                json.field("exact", row.isExact)
                if let target = CompareTarget.of(row) {
                    json.field("targetBytes", target.bytes)
                    json.field("targetRoundTrips", target.roundTrips)
                    json.field("met", target.isMet(by: row))
                }
            }
        }
        return json.text
    }
}
