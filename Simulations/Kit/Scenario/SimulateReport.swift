/// The methods side by side.
public struct SimulateReport: Sendable {
    public let scenario: Scenario
    public let methods: [MethodReport]
    private let sharedCount: Int
    private let newCount: Int
    private let neededBytes: Int

    /// `methods` stand in the order of the table.
    public init(_ prepared: PreparedScenario, methods: [MethodReport]) {
        scenario = prepared.scenario
        self.methods = methods
        sharedCount = prepared.workload.shared.count
        newCount = prepared.workload.count - sharedCount
        neededBytes = prepared.workload.newBytes * (prepared.scenario.nodes - 1)
    }

    /// Whether all logs were equal under every method.
    public var isPass: Bool { !methods.isEmpty && methods.allSatisfy(\.converged) }

    /// "pass" or "fail".
    public var verdict: String { isPass ? "pass" : "fail" }

    /// Trace hash of each method, in the order of the table.
    public var traceHashes: [String] { methods.map(\.traceHash) }
}

/// Text.
extension SimulateReport {
    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "overhead bytes", "vs naive", "event bytes", "all bytes", "vs naive",
            "messages", "round trips", "p50 s", "max s", "equal", "wall s",
        ])
        for method in methods { table.add(row(method)) }
        return heading + table.text + notes
    }

    private var heading: String {
        let loss = Text.decimal(Int64((scenario.loss * 1000).rounded()), places: 1)
        let neighbors = min(scenario.peersPerNode, scenario.nodes - 1)
        return """
            \(scenario.nodes) nodes of \(neighbors) neighbors, \
            \(Text.grouped(sharedCount)) shared and \(Text.grouped(newCount)) new events, \
            latency 10-50 ms, loss \(loss) %, seed \(scenario.seed)


            """
    }

    private var notes: String {
        let sessions = methods.map { Text.grouped($0.sessions) }
        let sets = Set(sessions)
        let held = sets.count == 1 ? sessions[0] : sessions.joined(separator: ", ")
        return """

            Bytes of encoded messages; HTTP and TLS are not in them. Events that had to travel: \
            \(Text.grouped(neededBytes)) bytes.
            Times are virtual: when half of the nodes, and all, held every event. One schedule for \
            all methods; sessions begun: \(held).
            pull-all and cursor look for no differences: what they pay stands in event bytes.
            verdict: \(verdict)

            """
    }

    private func row(_ report: MethodReport) -> [String] {
        let naive = methods.first { $0.method == .naive }?.traffic
        let bytes = report.traffic.bytes
        return [
            report.method.rawValue,
            Text.grouped(report.overheadBytes),
            Text.ratio(report.overheadBytes, to: naive?.overheadBytes),
            Text.grouped(report.eventBytes),
            Text.grouped(bytes),
            Text.ratio(bytes, to: naive?.bytes),
            Text.grouped(report.messages),
            Text.grouped(report.roundTrips),
            report.convergence.map { Text.seconds($0.median, places: 2) } ?? "-",
            report.convergence.map { Text.seconds($0.last, places: 2) } ?? "-",
            report.converged ? "yes" : "no",
            report.wallTime.map { Text.seconds($0, places: 2) } ?? "-",
        ]
    }
}

/// JSON.
extension SimulateReport {
    /// For programs; one line without a newline. It holds no wall time: two processes write the
    /// same bytes.
    public func json() -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("nodes", scenario.nodes)
            json.field("seed", scenario.seed)
            json.array("methods", methods) { json, report in
                json.field("method", report.method.rawValue)
                json.field("overheadBytes", report.overheadBytes)
                json.field("eventBytes", report.eventBytes)
                json.field("messages", report.messages)
                json.field("roundTrips", report.roundTrips)
                json.field("converged", report.converged)
                json.field(
                    "convergenceSeconds",
                    number: report.convergence.map { Text.seconds($0.last, places: 6) })
                json.field("traceHash", report.traceHash)
            }
            json.field("verdict", verdict)
        }
        return json.text
    }
}
