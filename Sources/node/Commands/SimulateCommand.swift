import ArgumentParser
import Core
// For `timespec`, which the compiler attributes to it.
import CoreFoundation
import FederationAPI
import Foundation
import SimulationKit

/// `federate simulate`
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare ways to sync, with many nodes of this very engine in one process.",
        discussion: """
            Without --scenario: logs that differ are made equal by naive and by MST sync. With \
            gossip-NAME: events are posted at a steady rate, something goes wrong, and gossip is \
            compared with a full mesh of pushes and with flooding. NAME is one of \
            \(GossipScenario.all.map(\.name).joined(separator: ", ")), or all.

            Exit code 1 when not all logs are equal at the end, or not in time.
            """)

    @OptionGroup var format: JSONFlag

    @Option(
        help: "What happens: sync, or gossip-NAME.",
        completion: .list(["sync", "gossip-all"] + GossipScenario.all.map { "gossip-" + $0.name }))
    var scenario = "sync"

    @Option(help: "Nodes.")
    var nodes = 50

    @Option(
        help: """
            Events (default: 2000, of which nine of ten are known to all; gossip: 400, all posted \
            during the run).
            """)
    var events: Int?

    @Option(help: "Whom each node syncs with, or is registered with (default: 8; gossip: 128).")
    var peersPerNode: Int?

    @Option(help: "Gossip: events a second.")
    var rate = 20

    @Option(help: "Gossip: bytes of each body.")
    var size = 512

    @Option(help: "Gossip: neighbors aimed at.")
    var activeView = 6

    @Option(
        help: "Gossip: the methods to run, of gossip, push, flood; separated by commas.",
        completion: .list(SpreadMethod.allCases.map(\.rawValue)))
    var methods = "gossip,push,flood"

    @Option(help: "Gossip: run with so many seeds, from --seed on.")
    var seeds = 1

    @Option(help: "Part of messages that is lost, 0 to 0.9.")
    var loss = 0.0

    @Option(help: "Everything follows from it.")
    var seed: UInt64 = 1

    @Option(help: "Take the events from a file of `federate export`.", completion: .file())
    var trace: String?

    @Flag(help: "Run again in a second process and compare the traces.")
    var checkDeterminism = false

    func run() async throws {
        guard scenario == "sync" else { return try runGossip() }
        let scenario = Scenario(
            nodes: nodes, events: events ?? 2000, peersPerNode: peersPerNode ?? 8, loss: loss,
            seed: seed, trace: try trace.map(Self.readEvents))
        let prepared: PreparedScenario
        do throws(ScenarioError) {
            prepared = try scenario.prepared()
        } catch {
            throw ValidationError("\(error)")
        }
        var reports: [MethodReport] = []
        let started = ContinuousClock.now
        for method in SyncMethod.allCases {
            if Terminal.isErrorTerminal {
                Terminal.note("\r\u{1b}[2K\(method.rawValue) …", terminator: "")
            }
            reports.append(prepared.run(method) { ContinuousClock.now - started })
        }
        if Terminal.isErrorTerminal { Terminal.note("\r\u{1b}[2K", terminator: "") }
        let report = SimulateReport(prepared, methods: reports)
        if checkDeterminism { try compareWithSecondProcess(report.json()) }
        Terminal.out(
            format.json ? report.json() : report.table(), terminator: format.json ? "\n" : "")
        if !report.isPass { throw ExitCode(1) }
    }

    /// Runs the same in a second process and compares what it prints with `json`.
    func compareWithSecondProcess(_ json: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = CommandLine.arguments.dropFirst().filter { $0 != "--check-determinism" }
        if !format.json { process.arguments?.append("--json") }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let other = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard other == json else {
            throw UserError("a second process with the same seed ran otherwise:\n\(other)")
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
