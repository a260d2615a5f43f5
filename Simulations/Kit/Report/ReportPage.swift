/// One HTML page that shows runs to people: charts, the network as it happens, all figures.
///
/// It is one file without references to others: it needs no network. Its script and style are the
/// files in `Page`; the records are in it as JSON, so that a page is also its own data.
public struct ReportPage: Sendable {
    /// What the window is called.
    public var title: String
    /// In the order of the charts. Runs of one `variant`, or one scenario, are shown side by side.
    public var records: [RunRecord]
    /// What to type to get the same.
    public var command: String

    public init(title: String, records: [RunRecord], command: String) {
        self.title = title
        self.records = records
        self.command = command
    }

    /// The page. O(records).
    public var html: String {
        let conclusion = Conclusion(records)
        return Self.fill(
            Self.text(PackageResources.page_html),
            [
                "title": Self.escaped(title), "eyebrow": Self.escaped(eyebrow),
                "headline": Self.escaped(conclusion.headline),
                "style": Self.text(PackageResources.page_css), "data": data(conclusion.notes),
                "script": Self.script,
            ])
    }

    private var eyebrow: String {
        let nodes = Self.span(records.map(\.nodes))
        let seeds = Self.span(records.map { Int(clamping: $0.label.seed) })
        return "federate simulate · \(nodes) nodes · seed \(seeds)"
    }

    /// "50", or "10–50".
    private static func span(_ numbers: [Int]) -> String {
        guard let least = numbers.min(), let most = numbers.max() else { return "no" }
        return least == most ? "\(least)" : "\(least)–\(most)"
    }

    private func data(_ notes: [String]) -> String {
        var json = JSONWriter()
        json.object { json in
            json.array("runs", records) { json, record in
                record.writeFields(to: &json, withWallTime: true)
            }
            json.strings("notes", notes)
            json.field("command", command)
        }
        // Nothing in it may look like an end of the script, or a comment.
        return json.text.replacing("<", with: "\\u003c")
    }
}

/// Putting the files together.
extension ReportPage {
    private static var script: String {
        [
            PackageResources.core_js, PackageResources.bars_js, PackageResources.lines_js,
            PackageResources.latency_js, PackageResources.layout_js, PackageResources.network_js,
            PackageResources.canvas_js, PackageResources.timeline_js, PackageResources.main_js,
        ].map(text).joined(separator: "\n")
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// `template` with each `{{name}}` replaced, once: what was put in is not looked at again.
    private static func fill(_ template: String, _ values: [String: String]) -> String {
        var page = ""
        for (place, piece) in template.split(separator: "{{").enumerated() {
            guard place > 0 else {
                page += piece
                continue
            }
            let parts = piece.split(separator: "}}", maxSplits: 1, omittingEmptySubsequences: false)
            page += (values[String(parts[0])] ?? "") + (parts.count > 1 ? parts[1] : "")
        }
        return page
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
