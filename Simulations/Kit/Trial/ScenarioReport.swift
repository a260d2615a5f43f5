import Core

/// What several runs have shown, for people and for programs.
public struct ScenarioReport: Sendable {
    public let results: [ScenarioResult]

    public init(_ results: [ScenarioResult]) { self.results = results }

    /// Whether every run by gossip passed, and so did their medians; the other methods are there to
    /// compare with.
    public var isPass: Bool {
        let gossip = results.filter { $0.options.method == .gossip }
        return (gossip.isEmpty ? results : gossip).allSatisfy(\.isPass) && missedMedians.isEmpty
    }

    /// Runs that differ in nothing but the seed.
    private var groups: [(key: String, results: [ScenarioResult])] {
        var groups: [(key: String, results: [ScenarioResult])] = []
        for result in results {
            let key = "\(result.scenario) \(result.options.nodes) \(result.options.method.rawValue)"
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].results.append(result)
            } else {
                groups.append((key, [result]))
            }
        }
        return groups
    }

    /// Where the median of p50 of three seeds or more misses its target, in words.
    private var missedMedians: [String] {
        groups.compactMap { key, results in
            guard results.count >= 3, results[0].options.method == .gossip,
                results.allSatisfy({ !$0.isCut }), let target = results[0].medianTarget
            else { return nil }
            let median = results.map(\.figures.p50).sorted()[results.count / 2]
            guard median > target else { return nil }
            let texts = [median, target].map { Text.decimal($0.microseconds / 100, places: 1) }
            return "\(key): the median p50 is \(texts[0]) ms, limit \(texts[1])"
        }
    }

    /// One line a run; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "scenario", "method", "nodes", "events", "seed", "RMR", "p50 ms", "p99 ms", "last hop",
            "delivered %", "settled s", "B/delivery", "x event", "wall s", "verdict",
        ])
        for result in results { table.add(Self.row(result)) }
        return table.text
    }

    private static func row(_ result: ScenarioResult) -> [String] {
        let figures = result.figures
        func milliseconds(_ duration: Duration) -> String {
            Text.decimal(duration.microseconds / 100, places: 1)
        }
        let factor = figures.eventBytes > 0 ? figures.bytesPerDelivery / figures.eventBytes : 0
        return [
            result.scenario, figures.method.rawValue, "\(result.options.nodes)",
            Text.grouped(result.events), "\(result.options.seed)", Text.fixed(figures.rmr, 3),
            milliseconds(figures.p50), milliseconds(figures.p99),
            Text.fixed(figures.lastHopMean, 1), Text.fixed(figures.deliveredFraction * 100, 3),
            figures.settled.map { Text.seconds($0, places: 1) } ?? "never",
            Text.fixed(figures.bytesPerDelivery, 0), Text.fixed(factor, 2),
            result.wallTime.map { Text.seconds($0, places: 1) } ?? "-",
            verdict(of: result),
        ]
    }

    private static func verdict(of result: ScenarioResult) -> String {
        if result.isCut { return "cut short" }
        if result.isPass { return "pass" }
        // The other methods are there to compare with.
        return result.options.method == .gossip ? "FAIL" : "missed"
    }

    /// Bytes by kind of message, one line a run.
    public func kinds() -> String {
        let names = results.first?.figures.bytesByKind.map(\.name) ?? []
        var table = TextTable(["bytes by kind", "method"] + names)
        for result in results {
            table.add(
                [result.scenario, result.figures.method.rawValue]
                    + result.figures.bytesByKind.map { Text.grouped($0.bytes) })
        }
        return table.text
    }

    /// Medians, with the lowest and the highest, of runs that differ in nothing but the seed; nil
    /// where no two do.
    public func medians() -> String? {
        let groups = groups.filter { $0.results.count > 1 }
        guard !groups.isEmpty else { return nil }
        var table = TextTable([
            "median (min-max)", "seeds", "RMR", "p50 ms", "p99 ms", "last hop", "delivered %",
            "settled s", "x event",
        ])
        for group in groups { table.add(Self.medians(group.key, group.results)) }
        return table.text
    }

    /// How it ended, in a few lines; ends with a newline.
    public func summary() -> String {
        let passed = results.filter(\.isPass).count
        let cut = results.filter(\.isCut).count
        var text = "\(results.count) \(results.count == 1 ? "run" : "runs"), \(passed) passed"
        let failed = results.filter { !$0.isPass && !$0.isCut && $0.options.method == .gossip }
        let compared = results.count - passed - cut - failed.count
        if !failed.isEmpty { text += ", \(failed.count) FAILED" }
        if compared > 0 { text += ", \(compared) of methods to compare with did not" }
        if cut > 0 { text += ", \(cut) cut short" }
        let happenings = results.reduce(0) { $0 + $1.happenings }
        text += "; \(Text.grouped(happenings)) happenings"
        let wall = results.compactMap(\.wallTime).reduce(Duration.zero, +)
        if wall > .milliseconds(1) {
            let rate = happenings * 1000 / max(1, Int(wall.microseconds / 1000))
            text += ", \(Text.grouped(rate)) a second of one core"
        }
        for line in missedMedians { text += "\nFAILED: " + line }
        var coverage = Coverage()
        for result in results { coverage += result.coverage }
        if results.count >= 20, !coverage.missing.isEmpty {
            text += "\nnever happened: " + coverage.missing.map(\.rawValue).joined(separator: ", ")
        }
        return text + "\n"
    }

    private static func medians(_ key: String, _ results: [ScenarioResult]) -> [String] {
        func spread(_ places: Int, _ value: (SpreadReport) -> Double) -> String {
            let sorted = results.map { value($0.figures) }.sorted()
            let texts = [sorted[sorted.count / 2], sorted[0], sorted[sorted.count - 1]].map {
                Text.fixed($0, places)
            }
            return "\(texts[0]) (\(texts[1])-\(texts[2]))"
        }
        return [
            key, "\(results.count)", spread(3, \.rmr),
            spread(1) { Double($0.p50.microseconds) / 1000 },
            spread(1) { Double($0.p99.microseconds) / 1000 }, spread(1, \.lastHopMean),
            spread(3) { $0.deliveredFraction * 100 },
            spread(1) { Double(($0.settled ?? .seconds(9999)).microseconds) / 1e6 },
            spread(2) { $0.eventBytes == 0 ? 0 : $0.bytesPerDelivery / $0.eventBytes },
        ]
    }
}

extension ScenarioResult {
    /// What did not hold, line by line, with the command that runs it again; empty for a pass.
    public var troubles: String {
        guard !isPass, !isCut else { return "" }
        var lines = findings.map { "  \($0)" }
        lines += criteria.filter { !$0.isMet }.map {
            "  \($0.name): \($0.value), limit \($0.limit)"
        }
        lines.append("  again: federate simulate --replay \(replay)\(typed)")
        lines.append("  smaller: federate simulate --shrink --replay \(replay)\(typed)")
        return "\(scenario), seed \(options.seed), \(options.nodes) nodes: failed\n"
            + lines.joined(separator: "\n") + "\n"
    }

    /// One line without a newline, the same in every process.
    public func json() -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("scenario", scenario)
            json.field("method", options.method.rawValue)
            json.field("nodes", options.nodes)
            json.field("events", events)
            json.field("seed", options.seed)
            figures.write(to: &json)
            json.field("acknowledged", acknowledged)
            json.field("faults", faults)
            json.field("adversaries", adversaries.count)
            json.field("virtualSeconds", number: Text.seconds(time, places: 3))
            json.field("happenings", happenings)
            json.array("criteria", criteria) { json, criterion in
                json.field("name", criterion.name)
                json.field("limit", criterion.limit)
                json.field("value", criterion.value)
                json.field("met", criterion.isMet)
            }
            json.array("findings", findings) { json, finding in
                json.field("check", finding.check.rawValue)
                json.field("text", finding.description)
            }
            json.object("coverage") { json in
                for mark in Coverage.Mark.allCases {
                    json.field(mark.rawValue, coverage.count(mark))
                }
            }
            json.field("traceHash", figures.traceHash)
            json.field("replay", replay.description + typed)
            json.field("verdict", isCut ? "cut" : isPass ? "pass" : "fail")
        }
        return json.text
    }
}
