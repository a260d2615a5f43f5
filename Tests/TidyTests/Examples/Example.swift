import Testing

/// A small tree of sources with the lines where one rule must find it broken.
struct Example: Sendable, CustomTestStringConvertible {
    let rule: String
    let tree: SourceTree
    /// Empty: the rule must let it pass.
    let lines: [Int]

    var testDescription: String { "\(rule) (\(tree.files.map(\.path).joined(separator: ", ")))" }

    init(
        _ rule: String, _ text: String, at path: String = "Sources/Core/A.swift",
        finds lines: [Int],
        isExecutable: Bool = true
    ) {
        self.rule = rule
        tree = SourceTree(files: [SourceFile(path: path, text: text, isExecutable: isExecutable)])
        self.lines = lines
    }

    static let all: [Example] =
        ceilings + bans + comments + layers + names + documentation + tests + scripts + texts
    static let bad = all.filter { !$0.lines.isEmpty }
    static let good = all.filter(\.lines.isEmpty)
}
