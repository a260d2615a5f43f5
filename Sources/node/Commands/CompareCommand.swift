import ArgumentParser
import Core
import Foundation
import SimulationKit

/// `federate compare`
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare ways to find the difference of two logs, with encoded bytes.",
        discussion: """
            Without --table, --targets or --html: one pair of logs, every method. Exit code 1 \
            where a difference found is not the true one, or a target is missed.
            """)

    @OptionGroup var format: JSONFlag

    @Option(help: "Events that both sides hold; several, by commas, with --table.")
    var items: Numbers = Numbers([100_000])

    @Option(help: "Events that only one side holds; several, by commas, with --table.")
    var different: Numbers = Numbers([10])

    @Option(
        help: "Where they stand: \(names(CompareScenario.Placement.self)); several with --table.",
        completion: .list(CompareScenario.Placement.allCases.map(\.rawValue)))
    var placement: Names<CompareScenario.Placement> = Names([.scattered])

    @Option(help: "Methods: \(names(CompareMethod.self)), or several.")
    var methods: Names<CompareMethod>?

    @Option(help: "Everything follows from it; a range such as 1-5 with --table.")
    var seed: SeedRange = SeedRange(seeds: 1...1)

    @Flag(help: "Go through all combinations: means and worst cases over the seeds.")
    var table = false

    @Flag(help: "Fill the table of what the product promises, and check it (some minutes).")
    var targets = false

    @Flag(help: "With --targets: small sets, in seconds.")
    var small = false

    @Option(help: "Check so many small random sessions against plain sets.")
    var randomCases: Int?

    @Option(
        help: "Draw bytes over differences as a page of its own: SVG, no network, no scripts.",
        completion: .file(extensions: ["html"]))
    var html: String?

    func run() throws {
        if let randomCases { return try runRandomCases(randomCases) }
        if targets || table || html != nil { return try runTable() }
        guard items.values.count == 1, different.values.count == 1, placement.values.count == 1,
            seed.seeds.count == 1
        else { throw ValidationError("several values need --table") }
        let scenario = CompareScenario(
            items: items.values[0], different: different.values[0],
            placement: placement.values[0], seed: seed.seeds.lowerBound)
        let report = try checked { () throws(ScenarioError) in
            try scenario.run(
                methods?.values ?? CompareMethod.allCases, cpuClock: Self.cpuTime)
        }
        Terminal.out(
            format.json ? report.json() : report.table(), terminator: format.json ? "\n" : "")
        if !report.isPass { throw ExitCode(1) }
    }

    private func runTable() throws {
        var result = CompareTable()
        for grid in grids {
            try checked { () throws(ScenarioError) in
                try result.run(grid, cpuClock: Self.cpuTime) { what in
                    guard Terminal.isErrorTerminal else { return }
                    Terminal.note("\r\u{1b}[2K\(what) …", terminator: "")
                }
            }
        }
        if Terminal.isErrorTerminal { Terminal.note("\r\u{1b}[2K", terminator: "") }
        if let html {
            let page = CompareChart(result).page
            do {
                try page.write(toFile: html, atomically: true, encoding: .utf8)
            } catch {
                throw UserError("\(html) can't be written: \(error.localizedDescription)")
            }
        }
        Terminal.out(
            format.json ? result.json() : result.table(), terminator: format.json ? "\n" : "")
        let isMet = result.rows.allSatisfy { row in
            CompareTarget.of(row).map { $0.isMet(by: row) } ?? true
        }
        if !result.isExact || targets && !isMet { throw ExitCode(1) }
    }

    private var grids: [CompareTable.Grid] {
        if targets { return small ? CompareTarget.smallGrids : CompareTarget.grids }
        if table {
            return [
                CompareTable.Grid(
                    items: items.values, different: different.values,
                    placements: placement.values, seeds: seed.seeds,
                    methods: methods?.values ?? [.ours])
            ]
        }
        return [
            CompareTable.Grid(
                items: items.values, placements: [.recent, .scattered], seeds: seed.seeds,
                methods: methods?.values ?? CompareMethod.allCases)
        ]
    }

    private func runRandomCases(_ count: Int) throws {
        let failure = RandomCases.firstFailure(count, seed: seed.seeds.lowerBound)
        if let failure { throw UserError(failure) }
        Terminal.out(
            format.json
                ? "{\"cases\":\(count),\"exact\":\(count)}"
                : "\(count) random sessions, each exact and proven equal")
    }

    private func checked<Value>(
        _ body: () throws(ScenarioError) -> Value
    ) throws -> Value {
        do throws(ScenarioError) {
            return try body()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private static func cpuTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

private func names<Name: CaseIterable & RawRepresentable<String>>(_ type: Name.Type) -> String {
    Name.allCases.map(\.rawValue).joined(separator: ", ")
}

/// Numbers by commas.
struct Numbers: ExpressibleByArgument {
    let values: [Int]

    init(_ values: [Int]) { self.values = values }

    init?(argument: String) {
        values = argument.split(separator: ",").compactMap { Int($0) }
        guard !values.isEmpty, values.count == argument.split(separator: ",").count else {
            return nil
        }
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}

/// Names by commas.
struct Names<Name: RawRepresentable<String> & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Name]

    init(_ values: [Name]) { self.values = values }

    init?(argument: String) {
        let names = argument.split(separator: ",").map(String.init)
        values = names.compactMap { Name(rawValue: $0) }
        guard !values.isEmpty, values.count == names.count else { return nil }
    }

    var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
}

/// One seed, or a range such as 1-5.
struct SeedRange: ExpressibleByArgument {
    let seeds: ClosedRange<UInt64>

    init(seeds: ClosedRange<UInt64>) { self.seeds = seeds }

    init?(argument: String) {
        let ends = argument.split(separator: "-").compactMap { UInt64($0) }
        guard let first = ends.first, let last = ends.last, first <= last, ends.count <= 2,
            ends.count == argument.split(separator: "-").count
        else { return nil }
        seeds = first...last
    }

    var defaultValueDescription: String {
        seeds.count == 1 ? "\(seeds.lowerBound)" : "\(seeds.lowerBound)-\(seeds.upperBound)"
    }
}
