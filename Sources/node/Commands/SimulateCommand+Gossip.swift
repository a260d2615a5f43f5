import ArgumentParser
// For `timespec`, which the compiler attributes to it.
import CoreFoundation
import SimulationKit

/// `federate simulate --scenario gossip-…`
extension Simulate {
    func runGossip() throws {
        let methods = try methods.split(separator: ",").map { name in
            guard let method = SpreadMethod(rawValue: String(name)) else {
                throw ValidationError("--methods: \(name) is none of gossip, push, flood")
            }
            return method
        }
        guard (1...1000).contains(seeds) else { throw ValidationError("--seeds takes 1 to 1000") }
        guard trace == nil, loss == 0 else {
            throw ValidationError(
                "--trace and --loss are of the sync scenario: see gossip-loss-5 and gossip-loss-20")
        }
        var isPass = true
        var lines: [String] = []
        for scenario in try gossipScenarios() {
            var reports: [GossipReport] = []
            for seed in seed..<seed + UInt64(seeds) {
                var scenario = scenario
                scenario.seed = seed
                reports.append(try report(scenario, methods))
            }
            isPass = isPass && reports.allSatisfy(\.isPass)
            lines += reports.map { $0.json() }
            if format.json {
                for report in reports { Terminal.out(report.json()) }
            } else {
                for report in reports { Terminal.out(report.table()) }
                if let summary = GossipReport.summary(reports) { Terminal.out(summary) }
            }
        }
        if checkDeterminism { try compareWithSecondProcess(lines.joined(separator: "\n")) }
        if !isPass { throw ExitCode(1) }
    }

    private func gossipScenarios() throws -> [GossipScenario] {
        let all = GossipScenario.all.map { name, fault in
            GossipScenario(
                name, fault, nodes: nodes, events: events ?? 400, rate: rate, bodyBytes: size,
                registered: peersPerNode ?? 128, activeView: activeView)
        }
        if scenario == "gossip-all" { return all }
        guard let found = all.first(where: { "gossip-" + $0.name == scenario }) else {
            let names = all.map { "gossip-" + $0.name }.joined(separator: ", ")
            throw ValidationError("--scenario \(scenario) is none of sync, gossip-all, \(names)")
        }
        return [found]
    }

    private func report(
        _ scenario: GossipScenario, _ methods: [SpreadMethod]
    ) throws -> GossipReport {
        let started = ContinuousClock.now
        defer { if Terminal.isErrorTerminal { Terminal.note("\r\u{1b}[2K", terminator: "") } }
        do throws(ScenarioError) {
            return try GossipReport(
                scenario, methods: methods, clock: { ContinuousClock.now - started }
            ) { method in
                guard Terminal.isErrorTerminal else { return }
                let line = "\(scenario.name), seed \(scenario.seed): \(method.rawValue) …"
                Terminal.note("\r\u{1b}[2K" + line, terminator: "")
            }
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
