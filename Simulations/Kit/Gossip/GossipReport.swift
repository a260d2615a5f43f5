import Core

/// The methods side by side.
public struct GossipReport: Sendable {
    public let scenario: GossipScenario
    public let methods: [SpreadReport]

    /// Runs the methods one after the other; `clock` is monotonic.
    public init(
        _ scenario: GossipScenario, methods: [SpreadMethod] = SpreadMethod.allCases,
        clock: (() -> Duration)? = nil, onStart: (SpreadMethod) -> Void = { _ in }
    ) throws(ScenarioError) {
        try scenario.check()
        self.scenario = scenario
        self.methods = methods.map { method in
            onStart(method)
            let start = clock?()
            var run = GossipRun(scenario, method)
            var report = run.run()
            if let start, let end = clock?() { report.wallTime = end - start }
            return report
        }
    }

    /// Whether gossip brought every event to every node in time.
    public var isPass: Bool {
        methods.filter { $0.method == .gossip }.allSatisfy { $0.deliveredFraction == 1 }
    }

    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "RMR", "p50 ms", "p99 ms", "max ms", "last hop", "delivered %", "settled s",
            "B/delivery", "x event", "wall s",
        ])
        for method in methods { table.add(row(method)) }
        var kinds = TextTable(["bytes by kind"] + (methods.first?.bytesByKind.map(\.name) ?? []))
        for method in methods {
            kinds.add([method.method.rawValue] + method.bytesByKind.map { Text.grouped($0.bytes) })
        }
        return """
            gossip-\(scenario.name): \(scenario.nodes) nodes, \(Text.grouped(scenario.events)) \
            events of \(scenario.origins) origins at \(scenario.rate)/s, \(scenario.bodyBytes) B \
            bodies, links 10-50 ms, seed \(scenario.seed)

            \(table.text)
            \(kinds.text)
            Latency from durable at the origin to durable at the node. HTTP and TLS are not in the \
            bytes.
            verdict: \(isPass ? "pass" : "fail")

            """
    }

    /// Medians, with the lowest and the highest, of runs that differ in their seed; nil for one.
    public static func summary(_ reports: [GossipReport]) -> String? {
        guard reports.count > 1, let first = reports.first else { return nil }
        var table = TextTable([
            "median (min-max)", "RMR", "p50 ms", "p99 ms", "last hop", "delivered %", "settled s",
            "x event",
        ])
        for (place, method) in first.methods.enumerated() {
            let runs = reports.map { $0.methods[place] }
            func spread(_ places: Int, _ value: (SpreadReport) -> Double) -> String {
                let sorted = runs.map(value).sorted()
                let texts = [sorted[sorted.count / 2], sorted[0], sorted[sorted.count - 1]].map {
                    fixed($0, places)
                }
                return "\(texts[0]) (\(texts[1])-\(texts[2]))"
            }
            table.add([
                method.method.rawValue, spread(3, \.rmr),
                spread(1) { Double($0.p50.microseconds) / 1000 },
                spread(1) { Double($0.p99.microseconds) / 1000 }, spread(1, \.lastHopMean),
                spread(3) { $0.deliveredFraction * 100 },
                spread(1) { Double(($0.settled ?? .seconds(9999)).microseconds) / 1e6 },
                spread(2) { $0.eventBytes == 0 ? 0 : $0.bytesPerDelivery / $0.eventBytes },
            ])
        }
        return "gossip-\(first.scenario.name), \(first.scenario.nodes) nodes, "
            + "\(reports.count) seeds\n\(table.text)"
    }

    private func row(_ report: SpreadReport) -> [String] {
        [
            report.method.rawValue, Self.fixed(report.rmr, 3), Self.ms(report.p50),
            Self.ms(report.p99), Self.ms(report.max), Self.fixed(report.lastHopMean, 1),
            Self.fixed(report.deliveredFraction * 100, 3),
            report.settled.map { Text.seconds($0, places: 1) } ?? "never",
            Self.fixed(report.bytesPerDelivery, 0),
            Self.fixed(
                report.eventBytes == 0 ? 0 : report.bytesPerDelivery / report.eventBytes, 2),
            report.wallTime.map { Text.seconds($0, places: 1) } ?? "-",
        ]
    }

    private static func ms(_ duration: Duration) -> String {
        Text.decimal(duration.microseconds / 100, places: 1)
    }

    fileprivate static func fixed(_ value: Double, _ places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((value * scale).rounded())
        return (scaled < 0 ? "-" : "") + Text.decimal(abs(scaled), places: places)
    }

    /// For programs; one line without a newline, the same in every process.
    public func json() -> String {
        var json = JSONWriter()
        write(to: &json)
        return json.text
    }

    private func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("scenario", "gossip-\(scenario.name)")
            json.field("nodes", scenario.nodes)
            json.field("events", scenario.events)
            json.field("seed", scenario.seed)
            json.array("methods", methods) { json, report in Self.write(report, to: &json) }
            json.field("verdict", isPass ? "pass" : "fail")
        }
    }

    private static func write(_ report: SpreadReport, to json: inout JSONWriter) {
        json.field("method", report.method.rawValue)
        json.field("rmr", number: fixed(report.rmr, 4))
        json.object("latencyMilliseconds") { json in
            json.field("p50", number: ms(report.p50))
            json.field("p99", number: ms(report.p99))
            json.field("max", number: ms(report.max))
        }
        json.object("lastHop") { json in
            json.field("mean", number: fixed(report.lastHopMean, 2))
            json.field("max", report.lastHopMax)
        }
        json.field("deliveredFraction", number: fixed(report.deliveredFraction, 6))
        json.field("settledSeconds", number: report.settled.map { Text.seconds($0, places: 3) })
        json.field("bytesPerDelivery", number: fixed(report.bytesPerDelivery, 1))
        json.field("eventBytes", number: fixed(report.eventBytes, 1))
        json.object("bytesByKind") { json in
            for kind in report.bytesByKind { json.field(kind.name, kind.bytes) }
        }
        json.field("traceHash", report.traceHash)
    }
}
