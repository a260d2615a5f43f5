import Foundation
import Testing

/// The documents name tests that exist.
@Suite(.timeLimit(.minutes(1)))
struct NamedTests {
    @Test(arguments: [
        ("docs/ORIGIN_DEFECTS.md", "## none"),
        ("docs/THREAT_MODEL.md", "## What does not hold yet"),
    ])
    func everyTestInTheTableExists(_ path: String, _ end: String) throws {
        let tree = SourceTree.project
        let document = try #require(tree.files.first { $0.path == path })
        let rows = document.lines.prefix { $0 != end }.filter {
            $0.contains("`") && $0.hasPrefix("|")
        }
        #expect(rows.count >= 17)
        let suites = Dictionary(
            tree.files.filter { $0.path.hasPrefix("Tests/") && $0.isSwift }.map { ($0.name, [$0]) },
            uniquingKeysWith: +)
        for row in rows {
            let named = row.matches(of: /`([A-Z][A-Za-z]+Tests)\.([a-z][A-Za-z0-9]*)`/)
            #expect(!named.isEmpty, "\(row.prefix(40)) names no test")
            for test in named {
                let files = suites["\(test.output.1).swift"] ?? []
                let isThere = files.contains { file in
                    file.declarations.contains { $0.name == test.output.2 }
                }
                #expect(isThere, "\(test.output.0)")
            }
        }
    }
}
