/// How large things may grow. What comes near a ceiling wants to be two things.
extension Rule {
    private static let fileLines = 500
    private static let functionLines = 70
    private static let columns = 100

    static let ceilings = [
        Rule("a file has at most \(fileLines) lines", for: { $0.isSwift || $0.isScript }) { file in
            file.lines.count > fileLines ? [(fileLines + 1, "\(file.lines.count) lines")] : []
        },
        Rule("a function has at most \(functionLines) lines", for: \.isSwift) { file in
            file.declarations
                .filter { $0.kind.hasCode && $0.lineCount > functionLines }
                .map { ($0.line, "\($0.name) has \($0.lineCount)") }
        },
        Rule("a line has at most \(columns) columns", for: { $0.isSwift || $0.isScript }) { file in
            file.lines.enumerated()
                .filter { $1.count > columns }
                .map { ($0 + 1, "\($1.count) columns") }
        },
    ]
}
