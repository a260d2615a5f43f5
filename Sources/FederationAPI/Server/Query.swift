/// The query of a request target, read strictly: known names, each once, nothing percent-encoded.
struct Query {
    private let values: [Substring: String]

    /// Nil for a query with other names than `allowed`, a name twice, or characters that our values
    /// don't have.
    init?(_ text: Substring?, allowed: [Substring]) {
        var values: [Substring: String] = [:]
        for item in (text ?? "").split(separator: "&", omittingEmptySubsequences: true) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, allowed.contains(parts[0]), values[parts[0]] == nil,
                !parts[1].contains("%"), !parts[1].contains("+")
            else { return nil }
            values[parts[0]] = String(parts[1])
        }
        self.values = values
    }

    subscript(_ name: Substring) -> String? { values[name] }
}
