/// Imports point down only, and what the simulator is to prove must be the same on every machine,
/// every time.
extension Rule {
    static let layers = [
        Rule("a target imports only what its layer may", for: { layer(of: $0) != nil }) { file in
            guard let allowed = layer(of: file)?.imports else { return [] }
            return Import.all(in: file)
                .filter { !allowed.contains($0.module) }
                .map { ($0.line, "\(file.target) may not import \($0.module)") }
        },
        Rule("every folder of sources has its layer", for: isSource) { file in
            layer(of: file) == nil ? [(1, "\(file.target) is not listed in Layer.all")] : []
        },
        Rule("a pure module never suspends", for: isPure) { file in
            tokens(["async", "await", "Task", "actor"], in: file)
        },
        Rule("a pure module reads no clock and draws no randomness of its own", for: isPure) {
            file in
            let clocks = ["ContinuousClock", "SuspendingClock", "Date", "clock_gettime", "time"]
            let chance = [
                "SystemRandomNumberGenerator", "randomElement", "shuffled", "random", "arc4random",
            ]
            return tokens(clocks + chance, in: file, where: isCallOfSystem)
        },
    ]

    private static func layer(of file: SourceFile) -> Layer? {
        file.isSwift ? Layer.all[file.target] : nil
    }

    private static func isPure(_ file: SourceFile) -> Bool { layer(of: file)?.isPure ?? false }

    private static func isSource(_ file: SourceFile) -> Bool {
        file.isSwift && (file.path.hasPrefix("Sources/") || file.path.hasPrefix("Simulations/"))
    }

    private static func tokens(
        _ words: [String], in file: SourceFile,
        where applies: (Int, SourceFile) -> Bool = { _, _ in true }
    ) -> [(line: Int, detail: String)] {
        file.tokens.indices
            .filter { words.contains(file.tokens[$0].text) && applies($0, file) }
            .map { (file.tokens[$0].line, file.tokens[$0].text) }
    }

    /// A call, and not of a generator that was passed in (`using:`); own functions may bear the
    /// name.
    private static func isCallOfSystem(_ index: Int, in file: SourceFile) -> Bool {
        let rest = file.tokens[(index + 1)...]
        guard ["(", "."].contains(rest.first?.text),
            file.tokens[index].text != "time" || isFree(index)
        else { return false }
        return !(index > 0 && file.tokens[index - 1].text == "func")
            && !rest.prefix { $0.line == file.tokens[index].line }.contains { $0.text == "using" }

        func isFree(_ index: Int) -> Bool {
            rest.first?.text == "(" && (index == 0 || file.tokens[index - 1].text != ".")
        }
    }
}
