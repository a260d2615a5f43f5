import ArgumentParser
// For `timespec`, which the compiler attributes to it.
import CoreFoundation
import Foundation
import Gossip
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
        let before = try baseline.map(Self.readBaseline)
        let queue = RunQueue(jobs, width: width, typed: typed)
        let watch = InterruptWatch { queue.stop() }
        defer { withExtendedLifetime(watch) {} }
        let isQuiet = jobs.allSatisfy { $0.plan.name == Swarm.name }
        // Beside gossip the others need not pass: the table says what they missed.
        let hasGossip = jobs.contains { $0.options.method == .gossip }
        let results = try await checked {
            try await queue.run { [format] result in
                guard !format.json else { return Terminal.out(result.json()) }
                guard result.options.method == .gossip || !hasGossip else { return }
                if !result.troubles.isEmpty { Terminal.out(result.troubles) }
            }
        }
        try await finish(results, before, isQuiet: isQuiet, isStopped: queue.isStopped)
    }

    private func finish(
        _ results: [ScenarioResult], _ before: [BaselineRun]?, isQuiet: Bool, isStopped: Bool
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
        if let before { try compare(results, with: before) }
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
        let jobs = try plainJobs()
        guard html != nil else { return jobs }
        guard jobs.count <= 50 else {
            throw ValidationError("--html shows up to 50 runs: name one scenario, or fewer seeds")
        }
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
            return try seeds.map { seed in
                let options = ScenarioRun.Options(
                    nodes: nodes ?? Swarm.nodes(seed), events: events, seed: seed)
                return RunQueue.Job(plan: try adjusted(Swarm.plan(seed)), options: options)
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
        return RunQueue.Job(
            plan: try plan(replay.scenario, seed: replay.options.seed), options: replay.options)
    }

    /// The one scenario of this name.
    private func plan(_ name: String, seed: UInt64) throws -> ScenarioPlan {
        if name == Swarm.name { return try adjusted(Swarm.plan(seed)) }
        let plans = try plans(name)
        guard plans.count == 1 else { throw ValidationError("--replay names one scenario") }
        return plans[0]
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
        return try plans.map(adjusted)
    }

    /// The plan with what other options change in it, also while its faults last.
    private func adjusted(_ plan: ScenarioPlan) throws -> ScenarioPlan {
        var plan = plan
        let regions = try regions.map(Self.regions(readingFrom:))
        func adjust(_ link: inout LinkModel) {
            if let regions { link.regions = regions }
            link.loss = max(link.loss, loss)
        }
        adjust(&plan.link)
        for place in plan.faults.indices {
            guard case .network(var link) = plan.faults[place].kind else { continue }
            adjust(&link)
            plan.faults[place].kind = .network(link)
        }
        plan.workload.rate = rate ?? plan.workload.rate
        plan.workload.bodyBytes = size ?? plan.workload.bodyBytes
        plan.gossip.activeView = activeView ?? plan.gossip.activeView
        for text in gossip { try Self.set(text, in: &plan) }
        plan.registered = peersPerNode ?? plan.registered
        return plan
    }

    /// The options that `adjusted` looks at, as they are typed.
    private var typed: String {
        var typed = ""
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { typed += " --\(name) \(value)" }
        }
        add("loss", loss > 0 ? loss : nil)
        add("regions", regions)
        add("rate", rate)
        add("size", size)
        add("active-view", activeView)
        for text in gossip { add("gossip", text) }
        add("peers-per-node", peersPerNode)
        return typed
    }

    /// `name=value`, of the gossip layer.
    private static func set(_ text: String, in plan: inout ScenarioPlan) throws {
        let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2, let value = Int(pair[1]) else {
            throw ValidationError("--gossip \(text): such as announce_milliseconds=5")
        }
        do throws(ScenarioFileError) {
            try GossipKnob.set(pair[0], to: value, in: &plan.gossip)
        } catch {
            throw ValidationError("--gossip: \(error)")
        }
    }

    static func plan(readingFrom path: String) throws -> ScenarioPlan {
        let text = try SettingsText.read(path, numbers: .decimal)
        do throws(ScenarioFileError) {
            var plan = try ScenarioFile.plan(text)
            // The line that replays a run names the file.
            plan.name = path
            return plan
        } catch {
            throw UserError("\(path): \(error)")
        }
    }

    private static func regions(readingFrom path: String) throws -> Regions {
        let text = try SettingsText.read(path)
        do throws(ScenarioFileError) {
            return try RegionsFile.regions(text)
        } catch {
            throw UserError("\(path): \(error)")
        }
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
        let plan = try plan(failing.scenario, seed: failing.options.seed)
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

    /// What runs have shown before, a line each.
    static func readBaseline(_ path: String) throws -> [BaselineRun] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UserError("\(path) can't be read: \(error.localizedDescription)")
        }
        let decoder = JSONDecoder()
        return try text.split(separator: "\n").enumerated().map { number, line in
            // The line's number says more than the decoder's reason.
            guard let run = try? decoder.decode(BaselineRun.self, from: Data(line.utf8)) else {
                throw UserError("\(path) line \(number + 1) is no run of `simulate --json`")
            }
            return run
        }
    }

    /// Exit code 3 where a run is worse than before, or one of the two has none.
    private func compare(_ results: [ScenarioResult], with before: [BaselineRun]) throws {
        let now = try results.map {
            try JSONDecoder().decode(BaselineRun.self, from: Data($0.json().utf8))
        }
        var worse: [String] = []
        for run in now {
            guard let then = before.first(where: { $0.replay == run.replay }) else {
                worse.append("\(run.replay): the baseline has no such run")
                continue
            }
            worse += run.regressions(since: then, tolerance: tolerance).map {
                "\(run.replay): \($0)"
            }
        }
        for then in before where !now.contains(where: { $0.replay == then.replay }) {
            worse.append("\(then.replay) is in the baseline and was not run")
        }
        for line in worse { Terminal.note("worse than the baseline: \(line)") }
        guard worse.isEmpty else { throw Exit.regressed }
        Terminal.note("no worse than the baseline, within \(Int(tolerance * 100)) %")
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
