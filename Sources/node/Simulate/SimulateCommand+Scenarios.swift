import ArgumentParser
// For `timespec`, which the compiler attributes to it.
import CoreFoundation
import Foundation
import Scenarios
import SimulationKit

/// `federate simulate --scenario …`
extension Simulate {
    /// How the program ends where something was wrong.
    enum Exit {
        static let failed = ExitCode(1)
        static let regressed = ExitCode(3)
        static let nondeterministic = ExitCode(4)
        static let interrupted = ExitCode(130)
    }

    func runScenarios() async throws {
        let jobs = try jobs()
        let queue = RunQueue(jobs, width: width)
        let watch = InterruptWatch { queue.stop() }
        defer { withExtendedLifetime(watch) {} }
        let isQuiet = jobs.allSatisfy { $0.plan.name == Swarm.name }
        let results = try await checked {
            try await queue.run { [format] result in
                guard !format.json else { return Terminal.out(result.json()) }
                if !result.troubles.isEmpty { Terminal.out(result.troubles) }
            }
        }
        try await finish(results, isQuiet: isQuiet, isStopped: queue.isStopped)
    }

    private func finish(
        _ results: [ScenarioResult], isQuiet: Bool, isStopped: Bool
    ) async throws {
        let report = ScenarioReport(results)
        if !format.json { Terminal.out(text(report, isQuiet: isQuiet), terminator: "") }
        if let html { try write(page(results), to: html) }
        guard !isStopped else { throw Exit.interrupted }
        if shrink { try await shrinkFirstFailure(of: results) }
        if checkDeterminism {
            try compareWithSecondProcess(results.map { $0.json() }.joined(separator: "\n"))
        }
        if !report.isPass { throw Exit.failed }
        if let baseline { try compare(results, with: baseline) }
    }

    private func text(_ report: ScenarioReport, isQuiet: Bool) -> String {
        var text = ""
        if !isQuiet {
            text += report.table()
            if report.results.count <= 12 { text += "\n" + report.kinds() }
            if let medians = report.medians() { text += "\n" + medians }
        }
        return text + "\n" + report.summary()
    }

    /// What to run: each scenario with each seed and method.
    private func jobs() throws -> [RunQueue.Job] {
        guard html == nil || seeds * (scenario == "all" ? 50 : 1) <= 50 else {
            throw ValidationError("--html shows up to 50 runs: name one scenario, or fewer seeds")
        }
        let jobs = try plainJobs()
        guard html != nil else { return jobs }
        return jobs.map { job in
            var job = job
            job.options.isRecorded = true
            return job
        }
    }

    private func plainJobs() throws -> [RunQueue.Job] {
        if let replay { return [try job(of: replay)] }
        guard (1...100_000).contains(seeds) else {
            throw ValidationError("--seeds takes 1 to 100000")
        }
        let seeds = seed..<seed + UInt64(seeds)
        if scenario == Swarm.name {
            return seeds.map { seed in
                let options = ScenarioRun.Options(
                    nodes: nodes ?? Swarm.nodes(seed), events: events, seed: seed)
                return RunQueue.Job(plan: Swarm.plan(seed), options: options)
            }
        }
        let methods = try spreadMethods()
        return try plans(scenario ?? "").flatMap { plan in
            seeds.flatMap { seed in
                methods.map { method in
                    let options = ScenarioRun.Options(
                        nodes: nodes ?? 50, events: events, seed: seed, method: method)
                    return RunQueue.Job(plan: plan, options: options)
                }
            }
        }
    }

    private func spreadMethods() throws -> [SpreadMethod] {
        guard let methods else { return [.gossip] }
        return try methods.split(separator: ",").map { name in
            guard let method = SpreadMethod(rawValue: String(name)) else {
                let names = SpreadMethod.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--methods: \(name) is none of \(names)")
            }
            return method
        }
    }

    private func job(of text: String) throws -> RunQueue.Job {
        guard let replay = ReplayLine(text) else {
            throw ValidationError(
                "--replay \(text): such as steady:seed=7:nodes=6:events=40:without=0,2")
        }
        let plan =
            replay.scenario == Swarm.name
            ? Swarm.plan(replay.options.seed) : try plans(replay.scenario).first
        guard let plan else { throw ValidationError("--replay names one scenario") }
        return RunQueue.Job(plan: plan, options: replay.options)
    }

    /// Scenarios by name, group or file, with what other options change in them.
    private func plans(_ name: String) throws -> [ScenarioPlan] {
        var plans = ScenarioLibrary.plans(named: name)
        if plans.isEmpty, name.hasSuffix(".toml") { plans = [try Self.plan(readingFrom: name)] }
        guard !plans.isEmpty else {
            throw ValidationError(
                "--scenario \(name) is no file.toml and none of "
                    + "\((ScenarioLibrary.groups + [Swarm.name]).joined(separator: ", ")), "
                    + ScenarioLibrary.plans.map(\.name).joined(separator: ", "))
        }
        let regions = try regions.map(Self.regions(readingFrom:))
        for place in plans.indices {
            if let regions { plans[place].link.regions = regions }
            if let rate { plans[place].workload.rate = rate }
            if let size { plans[place].workload.bodyBytes = size }
            if let activeView { plans[place].activeView = activeView }
            if let peersPerNode { plans[place].registered = peersPerNode }
            if loss > 0 { plans[place].link.loss = loss }
        }
        return plans
    }

    private static func plan(readingFrom path: String) throws -> ScenarioPlan {
        let text = try read(path)
        do throws(ScenarioFileError) {
            return try ScenarioFile.plan(text)
        } catch {
            throw UserError("\(path): \(error)")
        }
    }

    private static func regions(readingFrom path: String) throws -> Regions {
        let text = try read(path)
        do throws(ScenarioFileError) {
            return try RegionsFile.regions(text)
        } catch {
            throw UserError("\(path): \(error)")
        }
    }

    private static func read(_ path: String) throws -> String {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UserError("\(path) can't be read: \(error.localizedDescription)")
        }
        if let problem = SettingsText.problem(in: text) {
            throw UserError("\(path) line \(problem.line): \(problem.what)")
        }
        return text
    }

    private func checked<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as ScenarioError {
            throw ValidationError("\(error)")
        }
    }

    var width: Int { jobsAtOnce ?? ProcessInfo.processInfo.activeProcessorCount }
}

/// What follows a run.
extension Simulate {
    /// Makes the first failing run as small as it gets.
    private func shrinkFirstFailure(of results: [ScenarioResult]) async throws {
        guard let failing = results.first(where: { !$0.isPass && !$0.isCut }) else {
            return Terminal.note("nothing failed: there is nothing to shrink")
        }
        let plan =
            failing.scenario == Swarm.name
            ? Swarm.plan(failing.options.seed) : try plans(failing.scenario).first
        guard let plan else { return }
        let stopped = Stopped()
        let watch = InterruptWatch { stopped.set() }
        defer { withExtendedLifetime(watch) {} }
        var shrinker = Shrinker(plan, failing)
        shrinker.run(isOver: { stopped.isSet }) { replay, fails in
            Terminal.note("\(fails ? "fails " : "passes") \(replay)")
        }
        Terminal.out(
            "smallest of \(shrinker.tries): federate simulate --replay \(shrinker.smallest)")
    }

    /// Compares with what runs have shown before; exit code 3 where one is worse.
    private func compare(_ results: [ScenarioResult], with path: String) throws {
        let decoder = JSONDecoder()
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UserError("\(path) can't be read: \(error.localizedDescription)")
        }
        let before = try text.split(separator: "\n").map { line in
            // The line's number says more than the decoder's reason.
            guard let run = try? decoder.decode(BaselineRun.self, from: Data(line.utf8)) else {
                throw UserError("\(path) has a line that is no run of `simulate --json`")
            }
            return run
        }
        var worse: [String] = []
        for result in results {
            let now = try decoder.decode(BaselineRun.self, from: Data(result.json().utf8))
            guard let then = before.first(where: { $0.isComparable(to: now) }) else {
                throw UserError("\(path) has no run of \(result.replay)")
            }
            worse += now.regressions(since: then, tolerance: tolerance).map {
                "\(result.replay): \($0)"
            }
        }
        for line in worse { Terminal.note("worse than \(path): \(line)") }
        guard worse.isEmpty else { throw Exit.regressed }
        Terminal.note("no worse than \(path), within \(Int(tolerance * 100)) %")
    }

    private func page(_ results: [ScenarioResult]) -> String {
        ReportPage(
            title: "federate: \(scenario ?? replay ?? "")", records: results.compactMap(\.record),
            command: command
        ).html
    }

    /// What was typed.
    var command: String {
        (["federate"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    }

    func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw UserError("\(path) can't be written: \(error.localizedDescription)")
        }
    }
}
