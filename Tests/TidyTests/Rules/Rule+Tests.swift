/// A test that cannot fail, or that can hang, is a defect.
extension Rule {
    static let tests = [
        Rule("every test file has an expectation") { tree in
            targets(in: tree).flatMap { target in
                target.files
                    .filter { $0.declarations.contains(where: isTest) && !target.expects($0) }
                    .map { Finding(path: $0.path, line: 1, detail: "nothing in it can fail") }
            }
        },
        Rule("every test has an expectation") { tree in
            findings(in: tree) { test, file, target in target.expects(test, in: file) }
        },
        Rule("every suite has a time limit") { tree in
            findings(in: tree) { test, file, target in target.isLimited(test, in: file) }
        },
    ]

    private static func targets(in tree: SourceTree) -> [TestTarget] {
        let files = Dictionary(grouping: tree.swiftFiles.filter(\.isTest), by: \.target)
        return files.sorted { $0.key < $1.key }.map { TestTarget(files: $0.value) }
    }

    private static func isTest(_ declaration: Declaration) -> Bool {
        declaration.kind == .func && declaration.prefix.contains("@Test")
    }

    private static func findings(
        in tree: SourceTree, unless isFine: (Declaration, SourceFile, TestTarget) -> Bool
    ) -> [Finding] {
        targets(in: tree).flatMap { target in
            target.files.flatMap { file in
                file.declarations
                    .filter { isTest($0) && !isFine($0, file, target) }
                    .map { Finding(path: file.path, line: $0.line, detail: $0.name) }
            }
        }
    }
}
