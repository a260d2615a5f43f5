import Testing

/// One rule of the house, which finds where a tree of sources breaks it.
///
/// Each rule stands with at least one example that it must find and one that it must let pass
/// (`Example.all`): a rule that cannot fail proves nothing.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    private let find: @Sendable (SourceTree) -> [Finding]

    var testDescription: String { name }

    init(_ name: String, find: @escaping @Sendable (SourceTree) -> [Finding]) {
        self.name = name
        self.find = find
    }

    /// A rule that looks at one file at a time; `lines` are where it is broken.
    init(
        _ name: String, for applies: @escaping @Sendable (SourceFile) -> Bool,
        lines: @escaping @Sendable (SourceFile) -> [(line: Int, detail: String)]
    ) {
        self.init(name) { tree in
            tree.files.filter(applies).flatMap { file in
                lines(file).map { Finding(path: file.path, line: $0.line, detail: $0.detail) }
            }
        }
    }

    /// Where the tree breaks this rule.
    func findings(in tree: SourceTree) -> [Finding] { find(tree) }

    static let all: [Rule] =
        ceilings + bans + comments + layers + names + documentation + tests + scripts + texts
}

/// A place where a rule is broken.
struct Finding: CustomStringConvertible, Equatable {
    var path: String
    /// From 1.
    var line: Int
    var detail: String

    var description: String { "\(path):\(line)" + (detail.isEmpty ? "" : ": \(detail)") }
}
