import Core
import Foundation
import Gossip
import Testing

@testable import Scenarios
@testable import SimulationKit

@Suite(.timeLimit(.minutes(1)))
struct ScenarioFileTests {
    private static func plan(_ body: String) throws -> ScenarioPlan {
        try ScenarioFile.plan("name = \"test\"\nsummary = \"a test\"\n" + body)
    }

    @Test func everyFileOfTheFolderIsPartOfTheProgram() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Simulations/Scenarios")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".toml") }.map { String($0.dropLast(5)) }
        #expect(files.sorted() == ScenarioLibrary.plans.map(\.name).sorted())
    }

    @Test func everyScenarioStandsInTheDocuments() throws {
        let text = try String(
            contentsOfFile: #filePath.replacing(
                "Tests/ScenariosTests/ScenarioFileTests.swift", with: "docs/SIMULATIONS.md"),
            encoding: .utf8)
        for plan in ScenarioLibrary.plans {
            #expect(text.contains("| `\(plan.name)` |"), "\(plan.name)")
        }
    }

    @Test func everyNameStandsForSomething() {
        let names = ScenarioLibrary.plans.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(ScenarioLibrary.plans.allSatisfy { !$0.summary.isEmpty })
        #expect(ScenarioLibrary.smoke.allSatisfy { names.contains($0) })
        #expect(ScenarioLibrary.long.allSatisfy { names.contains($0) })
        #expect(ScenarioLibrary.plans(named: "gossip").map(\.name) == ScenarioLibrary.gossip)
        let all = ScenarioLibrary.plans(named: "all").count
        #expect(all + ScenarioLibrary.long.count == names.count)
        #expect(ScenarioLibrary.plans(named: "no such scenario").isEmpty)
    }

    @Test(arguments: [50, 20, 4])
    func everyFaultOfTheLibraryHappens(_ nodes: Int) {
        for plan in ScenarioLibrary.plans where plan.name != "soak" {
            for place in plan.faults.indices {
                let others = Set(plan.faults.indices).subtracting([place])
                let timeline = Timeline(
                    plan, nodes: nodes, honest: Array(0..<nodes), seeds: Seeds(1), without: others)
                #expect(!timeline.entries.isEmpty, "\(plan.name), fault \(place)")
            }
        }
    }

    @Test func whatAFileSaysIsWhatIsRun() throws {
        let plan = try Self.plan(
            """
            [network]
            latency = "5ms..7ms"
            loss = 0.25
            up = 1000

            [workload]
            origins = 3
            lasts = "2min"

            [[fault]]
            kind = "crash"
            at = "1s"
            lasts = "250ms"
            share = 0.2
            every = "10s"
            until = "1h"

            [[fault]]
            kind = "clock"
            lasts = "9s"
            clock = "-61s"

            [[adversary]]
            kind = "forge"
            nodes = 2

            [pass]
            within = "7s"
            p99 = "150ms"
            """)
        #expect(plan.link.latency == .uniform(.milliseconds(5)...(.milliseconds(7))))
        #expect(plan.link.loss == 0.25)
        #expect(plan.link.bandwidth == Bandwidth(up: 1000))
        #expect(plan.workload.origins == 3)
        #expect(plan.workload.lasts == .seconds(120))
        #expect(
            plan.faults == [
                PlannedFault(
                    .crash(.kept), at: .seconds(1), lasts: .milliseconds(250), portion: .part(200),
                    every: .seconds(10), until: .seconds(3600)),
                PlannedFault(.clock(.offset(.seconds(-61))), lasts: .seconds(9)),
            ])
        #expect(plan.adversaries == [PlannedAdversary(.forge, .nodes(2))])
        #expect(plan.criteria.within == .seconds(7))
        #expect(plan.criteria.p99 == .milliseconds(150))
    }

    @Test func wholeNumbersAreNumbersToo() throws {
        let plan = try Self.plan(
            """
            [network]
            loss = 0
            duplication = 1
            bursts = { enter = 0, leave = 1, loss = 1 }

            [[fault]]
            kind = "crash"
            share = 1

            [pass]
            rmr = 2
            bytes_factor = 3
            """)
        #expect(plan.link.duplication == 1)
        #expect(plan.link.bursts == BurstLoss(enter: 0, leave: 1, loss: 1))
        #expect(plan.faults[0].portion == .part(1000))
        #expect(plan.criteria.rmr == 2)
        #expect(plan.criteria.bytesFactor == 3)
    }

    @Test func everyKnobOfTheGossipLayerCanBeSet() throws {
        let plan = try Self.plan(
            """
            [gossip]
            active_view = 4
            passive_view = 12
            announce_milliseconds = 5
            reconcile_seconds = 30
            redial_seconds = 120
            shuffle_seconds = 60
            rotate_seconds = 90
            eager_bytes = 1000
            """)
        #expect(
            plan.gossip
                == GossipSettings(
                    mode: .on, activeView: 4, passiveView: 12, announceEvery: .milliseconds(5),
                    reconcileEvery: .seconds(30), redialEvery: .seconds(120),
                    shuffleEvery: .seconds(60), rotateEvery: .seconds(90), eagerBytes: 1000))
        #expect(GossipKnob.allCases.count == 8)
    }

    /// The limits of the calm federation, as the project promises them.
    @Test func theCalmFederationHasItsTargets() throws {
        let steady = try #require(ScenarioLibrary.plans(named: "steady").first)
        #expect(steady.criteria.rmr == 0.02)
        #expect(steady.criteria.bytesFactor == 1.2)
        let targets = [(50, 60, 100, 5.0), (200, 90, 130, 7), (1000, 115, 155, 9)]
        for (size, target) in zip(steady.criteria.sizes, targets) {
            #expect(size.nodes == target.0)
            #expect(size.p50 == .milliseconds(target.1))
            #expect(size.p99 == .milliseconds(target.2))
            #expect(size.lastHop == target.3)
        }
        #expect(steady.criteria.sizes.count == targets.count)
        for plan in ScenarioLibrary.plans(named: "gossip")
        where plan.name != "steady" && plan.name != "slow-peer" {
            #expect(plan.criteria.within == .seconds(15), "\(plan.name)")
            #expect(plan.criteria.rmr == 0.6, "\(plan.name)")
        }
    }

    @Test(
        arguments: [
            ("[workload]\nevnets = 3", "evnets"),
            ("[workload]\nlasts = \"3 days\"", "3 days"),
            ("[network]\nlatency = \"9ms..5ms\"", "ends before it begins"),
            ("[network]\nloss = 1.5", "no chance"),
            ("[[fault]]\nkind = \"flood\"", "flood"),
            ("[[fault]]\nkind = \"partition\"", "needs lasts"),
            ("[[fault]]\nkind = \"crash\"\nevery = \"1s\"", "until"),
            ("[[fault]]\nkind = \"crash\"\nnodes = 0", "nodes"),
            ("[[fault]]\nkind = \"crash\"\nnodes = 1\nshare = 0.5", "either"),
            ("[[adversary]]\nkind = \"saint\"", "saint"),
            ("[federation]\ntopology = \"cube\"", "cube"),
            ("[workload]\nrate = \"fast\"", "rate"),
            ("[workload]\nrate = 0.5", "wrong type"),
            ("[pass]\nrmr = \"low\"", "rmr"),
            ("[gossip]\nfanout = 3", "fanout"),
            ("[gossip]\nactive_view = 99", "2 to 24"),
            (
                "[pass]\np50 = \"1s\"\n"
                    + "sizes = [{ nodes = 9, p50 = \"1s\", p99 = \"1s\", last_hop = 1 }]",
                "take the place"
            ),
            ("[workload", "line"),
        ])
    func aMistakeIsNamed(_ body: String, _ part: String) throws {
        let error = #expect(throws: ScenarioFileError.self) { try Self.plan(body) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func regionsAreRead() throws {
        let regions = try RegionsFile.regions(
            """
            names = ["here", "there"]
            shares = [1, 2]
            table = [["1ms", "40ms"], ["50ms", "2ms"]]
            """)
        #expect(regions.table[1][0] == .milliseconds(50))
        #expect(throws: ScenarioFileError.self) {
            try RegionsFile.regions("names = [\"here\"]\nshares = [1]\ntable = []")
        }
    }
}
