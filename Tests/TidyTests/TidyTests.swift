import Testing

/// The sources keep the rules of the house (CONTRIBUTING.md); each rule is a test of its own.
@Suite(.timeLimit(.minutes(5)))
struct TidyTests {
    @Test(arguments: Rule.all)
    func theSourcesKeepThisRule(_ rule: Rule) {
        let findings = rule.findings(in: .project)
        // Recorded, not expected: an expectation would print the findings twice.
        if !findings.isEmpty {
            Issue.record("\(([rule.name] + findings.map(\.description)).joined(separator: "\n"))")
        }
    }

    @Test func theSourcesAreFound() {
        let paths = Set(SourceTree.project.files.map(\.path))
        #expect(paths.isSuperset(of: ["Package.swift", "Tests/TidyTests/TidyTests.swift"]))
        #expect(paths.contains { $0.hasPrefix("Sources/Core/") })
        #expect(!paths.contains { $0.hasPrefix(".build") || $0.hasPrefix(".git/") })
    }
}
