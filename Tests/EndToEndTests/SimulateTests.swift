import Foundation
import Testing

/// `federate simulate` as a user types it.
@Suite(.timeLimit(.minutes(5)))
struct SimulateTests {
    private static let small = [
        "simulate", "--scenario", "churn-60", "--nodes", "5", "--events", "20",
    ]

    private static func file(_ text: String, _ name: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("federate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(name)
        try text.write(to: path, atomically: true, encoding: .utf8)
        return path.path
    }

    @Test func oneSeedIsOneTraceInTwoProcessesWithOtherHashing() throws {
        let result = try NodeUnderTest.run(Self.small + ["--check-determinism"])
        #expect(result.code == 0)
        #expect(result.errors.contains("ran the same"))
    }

    @Test func aReplayLineRunsTheSameAgain() throws {
        let first = try NodeUnderTest.run(Self.small + ["--json"])
        let again = try NodeUnderTest.run(
            ["simulate", "--replay", "churn-60:seed=1:nodes=5:events=20", "--json"])
        #expect(first.code == 0)
        #expect(first.output == again.output)
        #expect(first.output.contains("\"replay\":\"churn-60:seed=1:nodes=5:events=20\""))
    }

    @Test func aBaselineThatWasBetterEndsWithThree() throws {
        let result = try NodeUnderTest.run(Self.small + ["--json"])
        let same = try Self.file(result.output, "same.jsonl")
        #expect(try NodeUnderTest.run(Self.small + ["--baseline", same]).code == 0)
        let better = try Self.file(
            result.output.replacing(
                "\"bytesPerDelivery\":", with: "\"bytesPerDelivery\":0.5,\"was\":"),
            "better.jsonl")
        let worse = try NodeUnderTest.run(Self.small + ["--baseline", better])
        #expect(worse.code == 3)
        #expect(worse.errors.contains("bytes a delivery"))
    }

    @Test func aScenarioOfOnesOwnFailsWithTheLineThatReplaysIt() throws {
        let path = try Self.file(
            """
            name = "mine"
            summary = "nobody is that fast"
            [workload]
            events = 10
            [pass]
            p50 = "1ms"
            rmr = 0.25
            """, "mine.toml")
        let result = try NodeUnderTest.run(
            ["simulate", "--scenario", path, "--nodes", "4", "--rate", "50"])
        #expect(result.code == 1)
        let line = "simulate --replay \(path):seed=1:nodes=4 --rate 50"
        #expect(result.output.contains(line))
        let again = try NodeUnderTest.run(line.split(separator: " ").map(String.init))
        #expect(again.code == 1)
    }

    /// Programs read these names.
    @Test func eachMethodIsALineOfJSONWithTheSameNames() throws {
        let result = try NodeUnderTest.run(
            [
                "simulate", "--scenario", "steady", "--nodes", "6", "--events", "20", "--json",
                "--methods", "gossip,push,flood", "--gossip", "announce_milliseconds=5",
            ])
        #expect(result.code == 0)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 3)
        for (line, method) in zip(lines, ["gossip", "push", "flood"]) {
            let run = try JSONDecoder().decode(Run.self, from: Data(line.utf8))
            #expect(run.method == method)
            #expect(run.deliveredFraction == 1)
            #expect(run.rmr >= 0)
            let latency = run.latencyMilliseconds
            #expect(latency.p50 > 0 && latency.p50 <= latency.p99 && latency.p99 <= latency.max)
            #expect(run.lastHop.mean <= Double(run.lastHop.max))
            #expect(run.bytesPerDelivery > 512)
            #expect(run.bytesByKind.values.allSatisfy { $0 >= 0 })
            #expect(Set(run.bytesByKind.keys).isSuperset(of: ["event", "reconcile", "http"]))
            #expect(line.contains("--gossip announce_milliseconds=5"))
        }
    }

    private struct Run: Decodable {
        struct Latency: Decodable {
            var p50: Double
            var p99: Double
            var max: Double
        }

        struct Hops: Decodable {
            var mean: Double
            var max: Int
        }

        var method: String
        var rmr: Double
        var latencyMilliseconds: Latency
        var lastHop: Hops
        var deliveredFraction: Double
        var bytesPerDelivery: Double
        var bytesByKind: [String: Int]
    }

    @Test func whatCanNotBeRunEndsWithTwo() throws {
        for arguments in [
            ["--scenario", "nowhere"], ["--scenario", "steady", "--nodes", "1"],
            ["--scenario", "steady", "--jobs", "0"], ["--replay", "steady:color=red"],
            ["--scenario", "steady", "--tolerance", "5"], ["--shrink"],
            ["--scenario", "steady", "--gossip", "announce=5"],
            ["--scenario", "steady", "--gossip", "active_view=x"],
        ] {
            let result = try NodeUnderTest.run(["simulate"] + arguments)
            #expect(result.code == 2, "\(arguments)")
            #expect(result.output.isEmpty)
        }
    }

    @Test func aPageNeedsNothingElse() throws {
        let page = try Self.file("", "page.html")
        let result = try NodeUnderTest.run(Self.small + ["--html", page])
        #expect(result.code == 0)
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains("churn-60"))
        #expect(!text.contains("src=\"http") && !text.contains("href=\"http"))
    }
}
