/// Bytes and round trips over differences as a page of its own: SVG, light and dark, no scripts,
/// nothing from the network.
public struct CompareChart {
    private let table: CompareTable

    public init(_ table: CompareTable) { self.table = table }

    /// The whole page, HTML 5.
    public var page: String {
        let items = table.rows.map(\.items).max() ?? 0
        let rows = table.rows.filter { $0.items == items }
        let placements = CompareScenario.Placement.allCases.filter { placement in
            rows.contains { $0.placement == placement }
        }
        let charts = placements.map { placement in
            LogChart(
                title: "\(placement.rawValue), \(Text.grouped(items)) items in common",
                series: Self.series(rows.filter { $0.placement == placement })
            ).svg
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>What it takes to find a difference</title>
            <style>\(Self.style)</style></head><body>
            <h1>What it takes to find a difference</h1>
            <p>Bytes of all session messages, both ways, from the first one to the proof that both \
            sides hold the same; without the events. Both scales are logarithmic; means over seeds.
            <em>cursor</em> proves nothing and needs a place remembered from last time.</p>
            <main>\(charts.joined(separator: "\n"))</main>
            \(Self.tableOf(rows))
            </body></html>

            """
    }

    private static func series(_ rows: [CompareTable.Row]) -> [LogChart.Series] {
        var series = CompareMethod.allCases.compactMap { method -> LogChart.Series? in
            let points = rows.filter { $0.method == method && $0.different > 0 }
                .map { (Double($0.different), $0.meanBytes) }
            return points.isEmpty
                ? nil
                : LogChart.Series(name: method.rawValue, kind: method.rawValue, points: points)
        }
        let targets = rows.filter { $0.method == .ours && $0.different > 0 }.compactMap { row in
            CompareTarget.of(row).map { (Double(row.different), $0) }
        }
        let others: [(String, (CompareTarget) -> Int?)] = [
            ("negentropy", \.negentropyBytes), ("rateless IBLT", \.ratelessBytes),
        ]
        for (name, bytes) in others {
            let points = targets.compactMap { (d, target) in bytes(target).map { (d, Double($0)) } }
            if !points.isEmpty {
                series.append(LogChart.Series(name: name, kind: "other", points: points))
            }
        }
        return series
    }

    private static func tableOf(_ rows: [CompareTable.Row]) -> String {
        let lines = rows.map { row in
            let cells = [
                row.placement.rawValue, Text.grouped(row.different), row.method.rawValue,
                Text.grouped(Int(row.meanBytes.rounded())), Text.grouped(row.worstBytes),
                Text.decimal(Int64((row.meanRoundTrips * 100).rounded()), places: 2),
                Text.milliseconds(row.initiator), Text.milliseconds(row.responder),
                row.method == .cursor ? "unproven" : row.isExact ? "yes" : "no",
            ]
            return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let heads = [
            "placement", "different", "method", "bytes: mean", "worst", "round trips",
            "initiator ms", "responder ms", "exact",
        ]
        return "<table><thead><tr>" + heads.map { "<th>\($0)</th>" }.joined()
            + "</tr></thead><tbody>\n" + lines.joined(separator: "\n") + "\n</tbody></table>"
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--dim:#6b7280;--rule:#d7dbe0;--paper:#fff;\
        --mst:#0b6bcb;--descent:#b3581b;--sketch:#3f8f3a;--pages:#8a4fbf;--cursor:#7a8490;\
        --naive:#c22f3d;--other:#9a8a3c}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--dim:#9aa3ad;--rule:#343b44;\
        --paper:#15181c;--mst:#5aa9f5;--descent:#e0955c;--sketch:#7cc576;--pages:#c39af0;\
        --cursor:#9aa3ad;--naive:#f07a85;--other:#cdbb62}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
        max-width:1180px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem;font-weight:600}p{max-width:46rem}
        main{display:grid;grid-template-columns:repeat(auto-fit,minmax(520px,1fr));gap:1.5rem}
        svg{width:100%;height:auto}text{font:12px system-ui,sans-serif;fill:var(--dim)}
        text.title{font-size:14px;font-weight:600;fill:var(--ink)}
        .rule{stroke:var(--rule);stroke-width:1}path,polyline{fill:none;stroke-width:2}
        .mst{stroke:var(--mst)}.descent{stroke:var(--descent)}.sketch{stroke:var(--sketch)}\
        .pages{stroke:var(--pages)}.cursor{stroke:var(--cursor)}.naive{stroke:var(--naive)}\
        .other{stroke:var(--other);stroke-dasharray:5 4}polyline.mst{stroke-width:3.5}
        text.mst{fill:var(--mst);font-weight:600}text.descent{fill:var(--descent)}\
        text.sketch{fill:var(--sketch)}text.pages{fill:var(--pages)}\
        text.cursor{fill:var(--cursor)}text.naive{fill:var(--naive)}\
        text.other{fill:var(--other)}text[class]{stroke:none}
        table{border-collapse:collapse;margin:2rem 0;font-variant-numeric:tabular-nums}
        th,td{padding:.2rem .8rem;text-align:right;border-bottom:1px solid var(--rule)}
        th{font-weight:600}td:first-child,th:first-child,td:nth-child(3),th:nth-child(3)\
        {text-align:left}
        """
}
