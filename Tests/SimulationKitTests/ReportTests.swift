import Core
import Foundation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(5)))
struct ReportTests {
    private static let tenth = Divergence.new(perMille: 100)

    private func report() throws -> SimulateReport {
        let prepared = try Scenario(nodes: 5, events: 50, peersPerNode: 2).prepared(
            [Self.tenth, .emptyPeer])
        var ticks = 0
        let clock = { () -> Duration in
            ticks += 1
            return .milliseconds(ticks * 1_250)
        }
        // In the other order: the report sorts by divergence.
        return SimulateReport(
            prepared,
            runs: prepared.divergences.reversed().flatMap { divergence in
                SyncMethod.frontPage.map { prepared.run($0, divergence, clock: clock) }
            })
    }

    @Test func theJSONHasARunForEachMethodAndDivergence() throws {
        let report = try report()
        #expect(report.json().hasPrefix(#"{"nodes":5,"seed":1,"runs":[{"method":"naive","#))
        #expect(report.json().hasSuffix(#""verdict":"pass"}"#))
        let parsed = try JSONSerialization.jsonObject(with: Data(report.json().utf8))
        let runs = try #require((parsed as? [String: Any])?["runs"] as? [[String: Any]])
        let methods = SyncMethod.frontPage.map(\.rawValue)
        #expect(runs.compactMap { $0["method"] as? String } == methods + methods)
        #expect(
            runs.compactMap { $0["divergence"] as? String }
                == [String](repeating: "10 %", count: 6)
                + [String](repeating: "empty peer", count: 6))
        let push = runs[8]
        #expect(push["equal"] as? Bool == false)
        #expect(push["equalAfterSeconds"] is NSNull)
        let naive = runs[0]
        #expect(naive["proven"] as? Bool == true)
        #expect(naive["overheadBytes"] as? Int == report.runs[0].record.bytes.overhead)
        #expect(naive["traceHash"] as? String == report.runs[0].traceHash)
    }

    @Test func theJSONHoldsNoWallTime() throws {
        let prepared = try Scenario(nodes: 3, events: 30, peersPerNode: 2).prepared([Self.tenth])
        let slow = SimulateReport(
            prepared, runs: [prepared.run(.cursor, Self.tenth) { .seconds(9) }])
        let fast = SimulateReport(prepared, runs: [prepared.run(.cursor, Self.tenth)])
        #expect(slow.json() == fast.json())
    }

    @Test func aRunThatDidNotGetThereFailsAndSaysSo() throws {
        let prepared = try Scenario(nodes: 3, events: 30, peersPerNode: 2).prepared([Self.tenth])
        var run = prepared.run(.mst, Self.tenth)
        run.record.outcome?.isEqual = false
        run.record.outcome?.equalAfter = nil
        let report = SimulateReport(prepared, runs: [run])
        #expect(!report.isPass)
        #expect(report.json().contains(#""equal":false,"equalAfterSeconds":null,"#))
        #expect(report.json().hasSuffix(#""verdict":"fail"}"#))
        #expect(report.table().contains("verdict: fail"))
        #expect(!SimulateReport(prepared, runs: []).isPass)
        // Equal, but nobody knows: the tree has failed, a cursor can do no more.
        var unproven = prepared.run(.mst, Self.tenth)
        unproven.record.outcome?.isProven = false
        #expect(!unproven.isPass)
        #expect(prepared.run(.cursor, Self.tenth).isPass)
    }

    @Test func theTableAlignsItsColumnsAndSaysWhatIsNotInIt() throws {
        let table = try report().table()
        let lines = table.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].hasPrefix("5 nodes of 2 neighbors, latency 10-50 ms, loss 0.0 %"))
        #expect(lines[2].hasPrefix("method"))
        #expect(lines[3].hasPrefix("-- 10 % new: 5 events written in 5 s, 55 held by all"))
        #expect(lines[10].hasPrefix("-- empty peer: 50 events, one node begins with none"))
        let rows = lines[4..<10] + lines[11..<17]
        #expect(Set((rows + [lines[2]]).map(\.count)).count == 1)
        #expect(rows.allSatisfy { $0.hasSuffix("1.25") })
        #expect(rows.count { $0.contains("never") } == 2)
        #expect(rows.count { $0.contains("no proof") } == 6)
        #expect(table.contains("HTTP and TLS are not in them"))
        #expect(table.contains("empty peer: never equal with push and flood."))
        #expect(table.hasSuffix("verdict: pass\n"))
    }

    @Test func theConclusionFollowsTheFigures() {
        func record(_ method: String, _ bytes: Int, proves: Bool = true) -> RunRecord {
            var world = Simulation()
            world.record()
            var record = world.runRecord(
                RunLabel(scenario: "sync", method: method, variant: "1 %", seed: 1))!
            record.bytes[.sessions] = bytes
            record.outcome = RunRecord.Outcome(
                isEqual: true, isProven: proves, proves: proves, isMeant: true, sessions: 0,
                neededEventBytes: 0)
            return record
        }
        let good = Conclusion([
            record("naive", 3_500), record("mst", 200), record("gossip+mst", 100),
        ])
        #expect(good.headline.hasSuffix("needs 1/35 (1 % new) of naive sync's bytes."))
        #expect(good.notes.isEmpty)
        let bad = Conclusion([
            record("naive", 100), record("cursor", 50, proves: false), record("mst", 125),
        ])
        #expect(bad.headline.hasSuffix("needs 1.3 times (1 % new) of naive sync's bytes."))
        #expect(
            bad.notes == [
                "1 %: the tree is not the cheapest; of mst's bytes: naive (80 %) and"
                    + " cursor (40 %, unproven).",
                "1 %: mst moves 1.3 times what naive moves.",
                "cursor can't tell whether two logs are equal: their bytes end with the last"
                    + " event, those of the others with the proof.",
            ])
    }

    @Test func numbersReadWell() {
        #expect(Text.grouped(0) == "0")
        #expect(Text.grouped(999) == "999")
        #expect(Text.grouped(1_000) == "1,000")
        #expect(Text.grouped(-1_234_567) == "-1,234,567")
        #expect(Text.decimal(5, places: 2) == "0.05")
        #expect(Text.decimal(1_234, places: 2) == "12.34")
        #expect(Text.seconds(.microseconds(1_999_999), places: 2) == "1.99")
        #expect(Text.milliseconds(.microseconds(1_234)) == "1.234")
        #expect(Text.ratio(10, to: 415) == "1/41.5")
        #expect(Text.ratio(415, to: 10) == "41.5x")
        #expect(Text.ratio(10, to: 10) == "1")
        #expect(Text.ratio(0, to: 10) == "-")
        #expect(Text.ratio(10, to: nil) == "-")
    }

    @Test func textInJSONIsEscaped() {
        var json = JSONWriter()
        json.object { $0.field("a\"\\\n", "é\u{1}") }
        #expect(json.text == "{\"a\\\"\\\\\\u000a\":\"é\\u0001\"}")
    }
}
