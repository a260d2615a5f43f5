/// Comments say why; they are no decoration and no memory of work undone.
extension Rule {
    static let comments = [
        Rule("no note of work undone", for: \.isSwift) { file in
            numbered(file.commentLines).filter {
                $0.1.contains(/\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/)
            }
            .map { ($0.0, "write it as \("TODO")(#12), or do it") }
        },
        Rule("no note of work undone in scripts", for: \.isScript) { file in
            numbered(file.lines).filter { $0.1.contains(/#.*\b(TODO|FIXME)\b(?!\(#\d+\))/) }
                .map { ($0.0, "write it as \("TODO")(#12), or do it") }
        },
        Rule("no banner comments", for: \.isSwift) { file in
            numbered(file.commentLines)
                .filter { $0.1.contains(/\/\/+\s*(MARK:|[-=*#~_─━]{4,})/) }
                .map { ($0.0, "a file that needs sections wants to be two files") }
        },
    ]

    static func numbered(_ lines: [String]) -> [(Int, String)] {
        lines.enumerated().map { ($0 + 1, $1) }
    }
}
