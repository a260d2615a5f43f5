import Core
import Federation
import Testing

@testable import SimulationKit

/// Runs of scenarios: what is found, what is named, and how it is made smaller.
@Suite(.timeLimit(.minutes(5)))
struct ScenarioRunTests {
    private static func plan(_ faults: [PlannedFault] = []) -> ScenarioPlan {
        var plan = ScenarioPlan(name: "test")
        plan.faults = faults
        plan.workload.settling = .seconds(10)
        return plan
    }

    private static func options(
        _ nodes: Int = 6, events: Int = 30, seed: UInt64 = 1, without: Set<Int> = []
    ) -> ScenarioRun.Options {
        ScenarioRun.Options(nodes: nodes, events: events, seed: seed, without: without)
    }

    @Test func aReplayIsReadAsItIsWritten() throws {
        var replay = ReplayLine(scenario: "swarm", options: Self.options(without: [2, 0]))
        #expect(replay.description == "swarm:seed=1:nodes=6:events=30:without=0,2")
        #expect(ReplayLine(replay.description) == replay)
        replay.options.method = .push
        #expect(ReplayLine(replay.description) == replay)
        for text in ["", ":seed=1", "a:seed", "a:seed=x", "a:color=red", "a:without=1,x"] {
            #expect(ReplayLine(text) == nil, "\(text)")
        }
    }

    @Test func faultsThatAreLeftOutChangeNothingElse() {
        let plan = Self.plan([
            PlannedFault(.crash(.kept), lasts: .seconds(3)),
            PlannedFault(.pause, at: .seconds(1), lasts: .seconds(3)),
            PlannedFault(.disconnect, at: .seconds(2), every: .seconds(1), until: .seconds(5)),
        ])
        let honest = Array(0..<40)
        let all = Timeline(plan, nodes: 40, honest: honest, seeds: Seeds(3))
        let less = Timeline(plan, nodes: 40, honest: honest, seeds: Seeds(3), without: [1])
        #expect(less.entries == all.entries.filter { $0.act.node != all.paused })
        #expect(all.entries.count == 7)
        #expect(all.end == .seconds(4))
    }

    @Test func aCutThatOverlapsAnotherIsOverWithTheLastOne() {
        let plan = Self.plan([
            PlannedFault(.partition, lasts: .seconds(4), portion: .part(500)),
            PlannedFault(.mute, at: .seconds(1), lasts: .seconds(9)),
        ])
        let timeline = Timeline(plan, nodes: 8, honest: Array(0..<8), seeds: Seeds(3))
        #expect(timeline.entries.map(\.at) == [.zero, .seconds(1), .seconds(10)])
    }

    @Test func whatIsLostWithoutAFaultIsFound() throws {
        var run = try ScenarioRun(Self.plan(), Self.options())
        _ = run.run()
        // An event that a node has said is durable, and that no log holds.
        let id: EventID = SHA256.hash([1])
        run.simulation.checks?.note(
            .appended(Token(number: 99), []), of: 0, at: run.simulation.now)
        #expect(run.simulation.findings.isEmpty)
        run.simulation.checks?.acknowledge(id, by: 0, at: run.simulation.now)
        let judgement = Judgement(
            run, healed: run.simulation.now, sums: Sums(run.simulation))
        let result = judgement.result(of: &run, settled: .zero, restless: 0, isCut: false)
        #expect(!result.isPass)
        #expect(result.findings.map(\.check).contains(.explained))
        #expect(result.troubles.contains("--replay test:seed=1:nodes=6:events=30"))
    }

    @Test func anEventThatNobodySignedIsFound() throws {
        var world = World.gossip(3, seed: 1)
        let key = Seeds(1).key(0)
        let body = Body(salt: [UInt8](repeating: 0, count: Limits.saltBytes), bytes: [1])
        let header = Header(
            origin: key.node, sequence: 1, previous: nil,
            time: Timestamp(physical: world.options.wall.microseconds + 70_000_000, counter: 0),
            author: try #require(Author(role: .ai, name: "x")), kind: "message.post",
            bodyLength: 1, bodyHash: body.hash)
        let event = try Event(
            headerBytes: header.encoded(), signature: [UInt8](repeating: 7, count: 64), body: body)
        var write = LogWrite()
        write.entries = [LogEntry(position: 1, event: event, sender: key.node)]
        let isFirst = world.isSound(write, of: 1)
        #expect(isFirst)
        #expect(world.findings.map(\.check) == [.signed, .clocks])
        world.nodes[1].log.apply(write)
        let isSecond = world.isSound(write, of: 1)
        #expect(!isSecond)
        #expect(world.findings.last?.check == .once)
    }

    @Test func aScenarioThatCanNotBeMetFailsAndIsMadeSmaller() throws {
        var plan = Self.plan([
            PlannedFault(.disconnect, at: .seconds(1)),
            PlannedFault(.crash(.kept), at: .milliseconds(500)),
        ])
        plan.criteria.p50 = .milliseconds(1)
        var run = try ScenarioRun(plan, Self.options(8, events: 40))
        let result = run.run()
        #expect(result.failure == "p50 ms")
        var shrinker = Shrinker(plan, result)
        shrinker.run()
        #expect(shrinker.smallest.options.nodes == 2)
        #expect(shrinker.smallest.options.without == [0, 1])
        #expect(shrinker.smallest.options.events ?? 99 < 5)
    }

    @Test func treesMayBeDeeperWhereThereAreMoreNodes() {
        #expect([2, 50, 99, 100, 200, 1000].map(Criteria.doublings) == [0, 0, 0, 1, 2, 4])
    }

    @Test func aRunThatIsStoppedSaysWhatIsKnown() throws {
        var run = try ScenarioRun(Self.plan(), Self.options()) { $0.time < .seconds(20) }
        let result = run.run()
        #expect(result.isCut)
        #expect(!result.isPass)
        #expect(result.findings.isEmpty)
        #expect(result.time <= .seconds(21))
    }

    @Test func numbersOutsideOfTheirBoundsAreRefused() {
        #expect(throws: ScenarioError.self) { try ScenarioRun(Self.plan(), Self.options(1)) }
        #expect(throws: ScenarioError.self) { try ScenarioRun(Self.plan(), Self.options(1001)) }
        #expect(throws: ScenarioError.self) {
            try ScenarioRun(Self.plan(), Self.options(events: 0))
        }
    }

    @Test func aBaselineTellsWorseFromTheSame() {
        let before = BaselineRun(
            replay: "steady:seed=1:nodes=50",
            latencyMilliseconds: BaselineRun.Latency(p50: 60, p99: 90),
            lastHop: BaselineRun.Hops(mean: 4.5), bytesPerDelivery: 800,
            bytesByKind: ["event": 1_000_000, "graft": 0], messages: 10_000, rounds: 10, rmr: 0,
            settledSeconds: 0.2, verdict: "pass")
        var now = before
        now.latencyMilliseconds.p99 = 94
        #expect(now.regressions(since: before, tolerance: 0.05).isEmpty)
        now.bytesPerDelivery = 900
        now.settledSeconds = nil
        now.bytesByKind["graft"] = 50_000
        #expect(now.regressions(since: before, tolerance: 0.05).count == 3)
    }
}

extension Timeline.Act {
    fileprivate var node: Int? {
        switch self {
        case .fault(.crash(let node)), .fault(.start(let node, _)), .fault(.pause(let node)),
            .fault(.resume(let node)), .fault(.disconnect(let node)), .remove(let node):
            node
        default: nil
        }
    }
}

extension Timeline {
    /// Who is paused.
    fileprivate var paused: Int? {
        entries.lazy.compactMap { entry in
            if case .fault(.pause(let node)) = entry.act { node } else { nil }
        }.first
    }
}
