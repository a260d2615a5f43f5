import ArgumentParser
import Core
// For `timespec`, which the compiler attributes to it.
import CoreFoundation
import FederationAPI
import Foundation
import Scenarios
import SimulationKit

/// `federate simulate`
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run federations of this very engine in one process, in virtual time.",
        discussion: """
            Without --scenario: naive sync, the Merkle Search Tree and what lies between side by \
            side, on logs that are equal, differ a little or wholly, or are missing: the front \
            page. With --scenario: \
            events are posted while something goes wrong, every rule is checked, and in the end \
            all honest nodes must hold the same. docs/SIMULATIONS.md describes every scenario and \
            check.

            --scenario NAME runs one of those that --list shows; all, smoke, long and gossip run \
            several; FILE.toml runs your own; swarm draws what goes wrong from the seed, and with \
            --seeds 200 prints failures only.

            A failure prints the line that replays it. Exit codes: 0 all passed, 1 something \
            failed, 3 worse than --baseline, 4 two processes ran differently, 2 wrong usage, 130 \
            interrupted (what is known by then is printed).
            """)

    static let scenarioNames = ScenarioLibrary.plans.map(\.name)

    @OptionGroup var format: JSONFlag

    @Option(
        help: "What happens: a scenario, all, smoke, long, gossip, swarm, or a file.",
        completion: .list(ScenarioLibrary.groups + [Swarm.name] + scenarioNames))
    var scenario: String?

    @Flag(help: "List the scenarios, and what each is about.")
    var list = false

    @Option(help: "Nodes, 2 to 1000 (default: 50; swarm: drawn).")
    var nodes: Int?

    @Option(help: "Events (default: what the scenario says; front page: 2000).")
    var events: Int?

    @Option(help: "Whom each node is registered with (default: what the scenario says).")
    var peersPerNode: Int?

    @Option(help: "Events a second (default: what the scenario says).")
    var rate: Int?

    @Option(help: "Bytes of each body (default: what the scenario says).")
    var size: Int?

    @Option(help: "Neighbors aimed at (default: what the scenario says, 6).")
    var activeView: Int?

    @Option(
        help: """
            A setting of the gossip layer, such as announce_milliseconds=5; as in a node's \
            configuration. May be given again.
            """)
    var gossip: [String] = []

    @Option(
        help: """
            Methods, by commas (default: gossip; front page: \
            \(SyncMethod.frontPage.map(\.rawValue).joined(separator: ",")); there is also pull-all).
            """)
    var methods: String?

    @Option(
        help: """
            Front page: percent of the events that are new, or empty: one node begins with none.
            """)
    var divergences = "0,1,10,100,empty"

    @Option(help: "Part of messages that is lost, 0 to 0.9.")
    var loss = 0.0

    @Option(help: "Where nodes are: a file of latencies.", completion: .file(extensions: ["toml"]))
    var regions: String?

    @Option(help: "Everything follows from it.")
    var seed: UInt64 = 1

    @Option(help: "Run with so many seeds, from --seed on.")
    var seeds = 1

    @Option(name: .customLong("jobs"), help: "Runs at once (default: one for each core).")
    var jobsAtOnce: Int?

    @Option(
        help: "Front page: take the events from a file of `federate export`.",
        completion: .file())
    var trace: String?

    @Option(help: "Run what a failure has printed.")
    var replay: String?

    @Flag(help: "Make the first failing run as small as it gets.")
    var shrink = false

    @Option(
        help: "Compare with what --json has printed before; exit code 3 where something is worse.",
        completion: .file())
    var baseline: String?

    @Option(help: "How much worse is still the same, as a part.")
    var tolerance = 0.05

    @Option(
        help: "Write the report as a page of its own that needs no network.",
        completion: .file(extensions: ["html"]))
    var html: String?

    @Flag(help: "Run again in a second process, with other hashing, and compare the traces.")
    var checkDeterminism = false

    func validate() throws {
        guard jobsAtOnce ?? 1 >= 1 else { throw ValidationError("--jobs takes 1 or more") }
        guard (0...1).contains(tolerance) else {
            throw ValidationError("--tolerance takes 0 to 1: 0.05 is five percent")
        }
        guard (0...0.9).contains(loss) else { throw ValidationError("--loss takes 0 to 0.9") }
    }

    func run() async throws {
        if list { return printList() }
        if scenario != nil || replay != nil { return try await runScenarios() }
        guard !shrink, baseline == nil else {
            throw ValidationError("--shrink and --baseline are of runs with --scenario")
        }
        try await runFrontPage()
    }

    private func printList() {
        let width = Self.scenarioNames.map(\.count).max() ?? 0
        for plan in ScenarioLibrary.plans {
            let blanks = String(repeating: " ", count: width - plan.name.count)
            Terminal.out("\(plan.name)\(blanks)  \(plan.summary)")
        }
    }

    private func runFrontPage() async throws {
        let scenario = Scenario(
            nodes: nodes ?? 50, events: events ?? 2000, peersPerNode: peersPerNode ?? 8, loss: loss,
            seed: seed, trace: try trace.map(Self.readEvents))
        let (methods, divergences) = (try frontPageMethods(), try frontPageDivergences())
        let prepared: PreparedScenario
        do throws(ScenarioError) {
            prepared = try scenario.prepared(divergences)
        } catch {
            throw ValidationError("\(error)")
        }
        let runs = try await runAll(prepared, methods)
        let report = SimulateReport(prepared, runs: runs)
        let isCut = runs.count < methods.count * prepared.divergences.count
        if checkDeterminism { try compareWithSecondProcess(report.json()) }
        if let html {
            let page = ReportPage(
                title: "federate: naive and MST sync", records: report.records, command: command)
            try write(page.html, to: html)
        }
        Terminal.out(
            format.json ? report.json() : report.table(), terminator: format.json ? "\n" : "")
        if isCut { throw Exit.interrupted }
        if !report.isPass { throw ExitCode(1) }
    }

    /// Every method at every divergence, on all cores; in the order of the table.
    private func runAll(
        _ prepared: PreparedScenario, _ methods: [SyncMethod]
    ) async throws -> [MethodReport] {
        let cases = prepared.divergences.flatMap { divergence in
            methods.map { (divergence, $0) }
        }
        let started = ContinuousClock.now
        defer { if Terminal.isErrorTerminal { Terminal.note("\r\u{1b}[2K", terminator: "") } }
        let stopped = Stopped()
        let watch = InterruptWatch { stopped.set() }
        defer { withExtendedLifetime(watch) {} }
        return await withTaskGroup(of: (Int, MethodReport).self) { group in
            var reports = [MethodReport?](repeating: nil, count: cases.count)
            var next = 0
            func add() {
                // An interrupt lets those that run come to their end.
                guard next < cases.count, !stopped.isSet else { return }
                let place = next
                let (divergence, method) = cases[place]
                next += 1
                group.addTask {
                    (place, prepared.run(method, divergence) { ContinuousClock.now - started })
                }
            }
            for _ in 0..<width { add() }
            for await (place, report) in group {
                reports[place] = report
                if Terminal.isErrorTerminal {
                    let done = reports.count { $0 != nil }
                    Terminal.note("\r\u{1b}[2K\(done)/\(cases.count) runs", terminator: "")
                }
                add()
            }
            return reports.compactMap { $0 }
        }
    }

    private func frontPageMethods() throws -> [SyncMethod] {
        guard let methods else { return SyncMethod.frontPage }
        return try methods.split(separator: ",").map { name in
            guard let method = SyncMethod(rawValue: String(name)) else {
                let all = SyncMethod.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--methods: \(name) is none of \(all)")
            }
            return method
        }
    }

    private func frontPageDivergences() throws -> [Divergence] {
        try divergences.split(separator: ",").map { text in
            guard let divergence = Divergence(String(text)) else {
                throw ValidationError(
                    "--divergences: \(text) is neither empty nor a percentage such as 1 or 0.5")
            }
            return divergence
        }
    }

    /// Arguments without those that only say what becomes of the result.
    private static func withoutOutputs(_ arguments: [String]) -> [String] {
        var left: [String] = []
        var isValue = false
        for argument in arguments {
            let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? ""
            if isValue {
                isValue = false
            } else if ["--html", "--baseline"].contains(name) {
                isValue = argument == name
            } else if !["--check-determinism", "--shrink"].contains(name) {
                left.append(argument)
            }
        }
        return left
    }

    /// Runs the same in a second process and compares what it prints with `json`.
    func compareWithSecondProcess(_ json: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = Self.withoutOutputs(Array(CommandLine.arguments.dropFirst()))
        if !format.json { process.arguments?.append("--json") }
        let output = Pipe()
        process.standardOutput = output
        // Dictionaries are in another order there: nothing may hang on it.
        var environment = ProcessInfo.processInfo.environment
        let hashing = "SWIFT_DETERMINISTIC_HASHING"
        environment[hashing] = environment[hashing] == nil ? "1" : nil
        process.environment = environment
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let other = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard other == json else {
            Terminal.note("a second process with the same seed ran otherwise:\n\(other)")
            throw Exit.nondeterministic
        }
        Terminal.note("a second process ran the same, to the last byte of every message")
    }

    private static func readEvents(_ path: String) throws -> [Event] {
        // Whatever the reason, the user can only name another file.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UserError("\(path) can't be read")
        }
        return try text.split(separator: "\n").enumerated().map { number, line in
            // The line's number says more than the decoder's reason.
            guard let view = try? JSONDecoder().decode(EventView.self, from: Data(line.utf8)) else {
                throw UserError("\(path) line \(number + 1) is not an event of an export")
            }
            return try view.event()
        }
    }
}
