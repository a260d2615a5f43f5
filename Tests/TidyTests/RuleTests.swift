import Testing

/// Each rule can fail, and does not fail on what is right.
@Suite(.timeLimit(.minutes(1)))
struct RuleTests {
    @Test(arguments: Example.bad)
    func aBadExampleIsFound(_ example: Example) throws {
        let rule = try #require(Rule.all.first { $0.name == example.rule })
        let lines = rule.findings(in: example.tree).map(\.line)
        #expect(lines == example.lines)
    }

    @Test(arguments: Example.good)
    func aGoodExamplePasses(_ example: Example) throws {
        let rule = try #require(Rule.all.first { $0.name == example.rule })
        #expect(rule.findings(in: example.tree) == [])
    }

    @Test func everyRuleHasABadExample() {
        let proven = Set(Example.bad.map(\.rule))
        let unproven = Rule.all.map(\.name).filter { !proven.contains($0) }
        #expect(unproven == [])
    }

    @Test func aFindingNamesFileAndLine() throws {
        let rule = try #require(Rule.all.first { $0.name == "no 'try!'" })
        let tree = SourceTree(files: [
            SourceFile(path: "Sources/Core/A.swift", text: "\ntry! f()\n")
        ])
        let finding = try #require(rule.findings(in: tree).first)
        #expect(finding.description.hasPrefix("Sources/Core/A.swift:2: "))
    }
}
