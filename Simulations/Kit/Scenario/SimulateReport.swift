/// The methods side by side, for each divergence.
public struct SimulateReport: Sendable {
    public let scenario: Scenario
    /// In the order of the table: by divergence, then by method.
    public let runs: [MethodReport]
    private let divergences: [Divergence]
    private let counts: [Divergence: (all: Int, new: Int)]

    /// `runs` in any order; those of one divergence stay in theirs.
    public init(_ prepared: PreparedScenario, runs: [MethodReport]) {
        scenario = prepared.scenario
        divergences = prepared.divergences
        self.runs = divergences.flatMap { divergence in
            runs.filter { $0.divergence == divergence }
        }
        counts = prepared.workloads.mapValues { ($0.count, $0.new.count) }
    }

    /// Whether every method did what it can be expected to do: all logs equal, and proven so where
    /// it proves anything.
    public var isPass: Bool { !runs.isEmpty && runs.allSatisfy(\.isPass) }

    /// "pass" or "fail".
    public var verdict: String { isPass ? "pass" : "fail" }

    /// Of each run, in the order of the table: what `ReportPage` shows.
    public var records: [RunRecord] { runs.map(\.record) }
}

/// Text.
extension SimulateReport {
    /// For people; ends with a newline.
    public func table() -> String {
        var table = TextTable([
            "method", "overhead bytes", "vs naive", "event bytes", "all bytes", "vs naive",
            "messages", "round trips", "p50 s", "all s", "proven s", "equal", "proven", "wall s",
        ])
        for run in runs { table.add(row(run)) }
        let lines = table.text.split(separator: "\n").map { $0 + "\n" }
        var text = heading + (lines.first ?? "")
        var rest = lines.dropFirst()
        for divergence in divergences {
            let rows = rest.prefix(runs.count { $0.divergence == divergence })
            guard !rows.isEmpty else { continue }
            rest = rest.dropFirst(rows.count)
            text += "\(title(of: divergence))\n" + rows.joined()
        }
        return text + notes
    }

    private var heading: String {
        let loss = Text.decimal(Int64((scenario.loss * 1000).rounded()), places: 1)
        let neighbors = min(scenario.peersPerNode, scenario.nodes - 1)
        return """
            \(scenario.nodes) nodes of \(neighbors) neighbors, latency 10-50 ms, loss \(loss) %, \
            seed \(scenario.seed)


            """
    }

    private func title(of divergence: Divergence) -> String {
        let (all, new) = counts[divergence] ?? (0, 0)
        if divergence == .emptyPeer {
            return "-- empty peer: \(Text.grouped(all)) events, one node begins with none"
        }
        return """
            -- \(divergence.name) new: \(Text.grouped(new)) events written in 5 s, \
            \(Text.grouped(all - new)) held by all
            """
    }

    private var notes: String {
        let finding = Conclusion(records)
        let lines = [
            "",
            finding.headline,
            "",
            "Bytes of encoded messages, HTTP and TLS are not in them, until all logs are equal and",
            "proven so where the method can. Times are virtual: p50 of all deliveries; from the",
            "last event written until every node had everything, and until it was proven.",
        ]
        return (lines + finding.notes.map { "- " + $0 } + ["verdict: \(verdict)", ""])
            .joined(separator: "\n")
    }

    private func row(_ run: MethodReport) -> [String] {
        let record = run.record
        let outcome = record.outcome
        // Who did not do the work is compared with nobody.
        let naive =
            run.isEqual
            ? runs.first { $0.method == .naive && $0.divergence == run.divergence }?.record.bytes
            : nil
        func seconds(_ duration: Duration?) -> String {
            duration.map { Text.seconds($0, places: 2) } ?? "-"
        }
        return [
            run.method.rawValue,
            Text.grouped(record.bytes.overhead),
            Text.ratio(record.bytes.overhead, to: naive?.overhead),
            Text.grouped(record.bytes[.events]),
            Text.grouped(record.bytes.all),
            Text.ratio(record.bytes.all, to: naive?.all),
            Text.grouped(record.messages),
            record.roundTrips == 0 ? "-" : Text.grouped(record.roundTrips),
            seconds(record.median),
            seconds(outcome?.equalAfter),
            seconds(outcome?.provenAfter),
            outcome?.isEqual == true ? "yes" : "never",
            outcome?.proves != true ? "no proof" : outcome?.isProven == true ? "yes" : "never",
            seconds(record.wallTime),
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
            json.array("runs", runs) { json, run in write(run, to: &json) }
            json.field("finding", Conclusion(records).headline)
            json.strings("notes", Conclusion(records).notes)
            json.field("verdict", verdict)
        }
        return json.text
    }

    private func write(_ run: MethodReport, to json: inout JSONWriter) {
        let record = run.record
        func seconds(_ duration: Duration?) -> String? {
            duration.map { Text.seconds($0, places: 6) }
        }
        json.field("method", run.method.rawValue)
        json.field("divergence", run.divergence.name)
        json.field("overheadBytes", record.bytes.overhead)
        json.field("eventBytes", record.bytes[.events])
        json.field("neededEventBytes", record.outcome?.neededEventBytes ?? 0)
        json.field("messages", record.messages)
        json.field("roundTrips", record.roundTrips)
        json.field("medianSeconds", number: seconds(record.median))
        json.field("equal", run.isEqual)
        json.field("equalAfterSeconds", number: seconds(record.outcome?.equalAfter))
        json.field("proves", run.method.proves)
        json.field("proven", record.outcome?.isProven == true)
        json.field("provenAfterSeconds", number: seconds(record.outcome?.provenAfter))
        json.field("traceHash", run.traceHash)
    }
}
