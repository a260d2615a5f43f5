import Core

/// What a comparison of methods shows, in sentences; nothing in it but what the figures say.
struct Conclusion {
    /// Runs of one divergence, in the order of the table.
    struct Group {
        var variant: String
        var runs: [RunRecord]

        func run(_ method: String) -> RunRecord? { runs.first { $0.label.method == method } }

        /// Those that made all logs equal.
        var equal: [RunRecord] { runs.filter { $0.outcome?.isEqual == true } }

        /// Those that proved it too.
        var proven: [RunRecord] { equal.filter { $0.outcome?.isProven == true } }
    }

    let groups: [Group]
    private let records: [RunRecord]

    init(_ records: [RunRecord]) {
        self.records = records
        var groups: [Group] = []
        for record in records where record.outcome != nil {
            if let place = groups.firstIndex(where: { $0.variant == record.label.variant }) {
                groups[place].runs.append(record)
            } else {
                groups.append(Group(variant: record.label.variant, runs: [record]))
            }
        }
        self.groups = groups
    }

    /// One sentence for the headline: what proving by the tree costs beside the whole list, from
    /// the best case to the worst.
    var headline: String {
        let ratios = groups.compactMap { group -> (variant: String, part: Double)? in
            guard let naive = group.run("naive"), naive.bytes.all > 0,
                let best = best(of: group)
            else { return nil }
            return (group.variant, Double(best.bytes.all) / Double(naive.bytes.all))
        }
        guard let least = ratios.min(by: { $0.part < $1.part }),
            let most = ratios.max(by: { $0.part < $1.part })
        else { return outcome }
        var span = "\(Self.times(least.part)) (\(Self.words(least.variant)))"
        if least.variant != most.variant {
            span += " to \(Self.times(most.part)) (\(Self.words(most.variant)))"
        }
        return """
            To make every log equal, and to prove it, the Merkle Search Tree needs \(span) of \
            naive sync's bytes.
            """
    }

    private static func words(_ variant: String) -> String {
        variant.hasSuffix("%") ? "\(variant) new" : variant
    }

    /// Where no methods were compared: what the checks said, and how fast events were.
    private var outcome: String {
        let failed = records.filter { $0.verdict == "fail" }
        guard let first = records.first else { return "Nothing was run." }
        guard records.count == 1 else {
            let names = Self.list(failed.map { "\($0.label.scenario) \($0.label.method)" })
            let passed = "\(records.count - failed.count) of \(records.count) runs passed"
            return failed.isEmpty ? "All \(records.count) runs passed." : "\(passed); not \(names)."
        }
        let name = first.label.scenario
        if let failure = first.failures.first { return "\(name) failed: \(failure)" }
        guard let p99 = first.latencies.quantile(0.99) else { return "\(name) passed." }
        return """
            \(name): \(Text.grouped(first.latencies.count)) deliveries among \(first.nodes) nodes, \
            99 % of them within \(Self.time(p99)).
            """
    }

    /// "95 ms" or "1.2 s", rounded up.
    private static func time(_ duration: Duration) -> String {
        duration < .seconds(1)
            ? "\((duration.microseconds + 999) / 1000) ms"
            : Text.seconds(duration + .microseconds(99_999), places: 1) + " s"
    }

    /// The cheapest way with the tree that ended with a proof.
    private func best(of group: Group) -> RunRecord? {
        group.proven.filter { $0.label.method.hasSuffix("mst") }
            .min { $0.bytes.all < $1.bytes.all }
    }

    /// "1/35" or "1.2 times".
    static func times(_ part: Double) -> String {
        if part <= 0.1 { return "1/" + Text.grouped(Int((1 / part).rounded())) }
        if part < 1 { return "1/" + Text.decimal(Int64((10 / part).rounded()), places: 1) }
        return Text.decimal(Int64((10 * part).rounded()), places: 1) + " times"
    }
}

/// Where the tree does not win, and who proves nothing.
extension Conclusion {
    /// A sentence for each thing that a reader might otherwise miss.
    var notes: [String] { groups.flatMap(notes) + [proofs].compactMap { $0 } }

    private func notes(_ group: Group) -> [String] {
        var notes: [String] = []
        guard let best = best(of: group) else {
            let asked = group.runs.contains { $0.label.method.hasSuffix("mst") }
            return asked ? ["\(group.variant): no way with the tree came to a proof."] : []
        }
        let cheaper = group.equal.filter {
            !$0.label.method.hasSuffix("mst") && $0.bytes.all < best.bytes.all
        }
        if !cheaper.isEmpty {
            let names = cheaper.map { run in
                let part = Self.share(Double(run.bytes.all) / Double(best.bytes.all))
                let bytes = run.bytes.all == 0 ? "nothing sent" : part
                let what = run.outcome?.isProven == true ? "" : ", unproven"
                return "\(run.label.method) (\(bytes)\(what))"
            }
            notes.append(
                """
                \(group.variant): the tree is not the cheapest; of \(best.label.method)'s bytes: \
                \(Self.list(names)).
                """)
        }
        for run in group.runs where run.label.method.hasSuffix("mst") {
            notes += compared(run, with: group)
        }
        let never = group.runs.filter { $0.outcome?.isEqual != true }.map(\.label.method)
        if !never.isEmpty {
            notes.append("\(group.variant): never equal with \(Self.list(never)).")
        }
        return notes
    }

    /// Where naive does better than one way with the tree.
    private func compared(_ run: RunRecord, with group: Group) -> [String] {
        guard let naive = group.run("naive"), naive.bytes.all < run.bytes.all else { return [] }
        let part = Double(run.bytes.all) / Double(naive.bytes.all)
        return [
            "\(group.variant): \(run.label.method) moves \(Self.times(part)) what naive moves."
        ]
    }

    private var proofs: String? {
        let unproven = groups.flatMap(\.runs).filter { $0.outcome?.proves == false }
        var names: [String] = []
        for run in unproven where !names.contains(run.label.method) {
            names.append(run.label.method)
        }
        guard !names.isEmpty else { return nil }
        return """
            \(Self.list(names)) can't tell whether two logs are equal: their bytes end with the \
            last event, those of the others with the proof.
            """
    }

    /// "40 %".
    private static func share(_ part: Double) -> String {
        part < 0.1
            ? Text.decimal(Int64((part * 1000).rounded()), places: 1) + " %"
            : "\(Int((part * 100).rounded())) %"
    }

    /// "a, b and c".
    static func list(_ names: [String]) -> String {
        guard names.count > 1, let last = names.last else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
