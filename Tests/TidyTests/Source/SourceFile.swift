/// A text file of the project, read once, in the forms that rules ask for.
struct SourceFile: Sendable {
    /// From the root of the project, with "/".
    let path: String
    let isExecutable: Bool
    let lines: [String]
    /// The same lines with comments and the contents of strings blanked; empty for files that are
    /// not Swift.
    let codeLines: [String]
    /// The same lines with everything but comments blanked; empty for files that are not Swift.
    let commentLines: [String]
    let tokens: [Token]
    let declarations: [Declaration]

    init(path: String, text: String, isExecutable: Bool = false) {
        self.path = path
        self.isExecutable = isExecutable
        lines = Self.lines(text)
        guard path.hasSuffix(".swift") else {
            (codeLines, commentLines, tokens, declarations) = ([], [], [], [])
            return
        }
        let mask = Mask(text)
        codeLines = Self.lines(String(decoding: mask.code, as: UTF8.self))
        commentLines = Self.lines(String(decoding: mask.comments, as: UTF8.self))
        tokens = Token.all(in: mask.code)
        declarations = DeclarationScanner.declarations(in: tokens)
    }

    private static func lines(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isTest: Bool { path.hasPrefix("Tests/") }
    var isScript: Bool { lines.first.map { $0.hasPrefix("#!") && $0.contains("sh") } ?? false }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The folder that makes a target: its first two components, such as "Sources/Core".
    var target: String { path.split(separator: "/").dropLast().prefix(2).joined(separator: "/") }

    /// The comment on a line (from 1) or the line before it, as "// why" stands.
    func hasComment(at line: Int) -> Bool {
        [line, line - 1].contains { number in
            guard commentLines.indices.contains(number - 1) else { return false }
            return commentLines[number - 1].contains("//")
        }
    }

    /// Where `pattern` occurs in the tokens; a `!` or `?` in it must follow without a space.
    func occurrences(of pattern: [String]) -> [Int] {
        tokens.indices.filter { start in
            start + pattern.count <= tokens.count
                && zip(tokens[start...], pattern).allSatisfy { token, text in
                    token.text == text && (token.isAttached || !["!", "?"].contains(text))
                }
        }
    }
}
