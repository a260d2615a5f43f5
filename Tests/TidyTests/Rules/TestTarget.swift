/// The files of one test target, seen together: a suite may be extended in another file, and an
/// expectation may stand in a function that several tests call.
struct TestTarget {
    let files: [SourceFile]
    /// Functions that expect something, themselves or through another one.
    private let expecting: Set<String>
    /// Types whose attributes name a time limit.
    private let limited: Set<String>

    init(files: [SourceFile]) {
        self.files = files
        expecting = Self.expecting(in: files)
        limited = Set(
            files.flatMap(\.declarations).filter { $0.kind.isType && Self.isLimited($0) }.map(
                \.name))
    }

    func expects(_ declaration: Declaration, in file: SourceFile) -> Bool {
        declaration.body.map { Self.expects($0, in: file, through: expecting) } ?? false
    }

    func expects(_ file: SourceFile) -> Bool {
        file.declarations.contains { expects($0, in: file) }
    }

    /// Whether the test or a type around it names a time limit.
    func isLimited(_ test: Declaration, in file: SourceFile) -> Bool {
        var next: Declaration? = test
        while let declaration = next {
            let isLimitedType = declaration.kind.isType && limited.contains(declaration.name)
            if isLimitedType || Self.isLimited(declaration) { return true }
            next = declaration.parent.map { file.declarations[$0] }
        }
        return false
    }

    private static func isLimited(_ declaration: Declaration) -> Bool {
        declaration.prefix.contains("timeLimit")
    }

    private static func expecting(in files: [SourceFile]) -> Set<String> {
        var names: Set<String> = []
        var count: Int
        repeat {
            count = names.count
            for file in files {
                for declaration in file.declarations where declaration.kind.hasCode {
                    guard let body = declaration.body, expects(body, in: file, through: names)
                    else { continue }
                    names.insert(declaration.name)
                }
            }
        } while names.count > count
        return names
    }

    private static func expects(
        _ body: Range<Int>, in file: SourceFile, through names: Set<String>
    ) -> Bool {
        body.contains { index in
            let text = file.tokens[index].text
            if ["#expect", "#require", "confirmation"].contains(text) { return true }
            let next = file.tokens[(index + 1)...].first?.text
            return text == "Issue" && next == "." || next == "(" && names.contains(text)
        }
    }
}
