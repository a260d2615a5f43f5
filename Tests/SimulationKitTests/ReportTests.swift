import Core
import Foundation
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
struct ReportTests {
    private func report(_ methods: [SyncMethod] = SyncMethod.allCases) throws -> SimulateReport {
        let prepared = try Scenario(nodes: 5, events: 50, peersPerNode: 2).prepared()
        var ticks = 0
        let clock = { () -> Duration in
            ticks += 1
            return .milliseconds(ticks * 1_250)
        }
        return SimulateReport(prepared, methods: methods.map { prepared.run($0, clock: clock) })
    }

    @Test func theJSONHasTheKeysOfTheIssueInTheirOrder() throws {
        let report = try report()
        let naive = report.methods[0]
        let convergence = try #require(naive.convergence)
        let first = """
            {"nodes":5,"seed":1,"methods":[{"method":"naive",\
            "overheadBytes":\(naive.overheadBytes),\
            "eventBytes":\(naive.eventBytes),"messages":\(naive.messages),\
            "roundTrips":\(naive.roundTrips),"converged":true,\
            "convergenceSeconds":\(Text.seconds(convergence.last, places: 6)),\
            "traceHash":"\(naive.traceHash)"},{"method":"pull-all",
            """
        #expect(report.json().hasPrefix(first.trimmingCharacters(in: .newlines)))
        #expect(report.json().hasSuffix(#""}],"verdict":"pass"}"#))
        let parsed = try JSONSerialization.jsonObject(with: Data(report.json().utf8))
        let methods = (parsed as? [String: Any])?["methods"] as? [[String: Any]]
        #expect(
            methods?.compactMap { $0["method"] as? String } == [
                "naive", "pull-all", "cursor", "mst",
            ])
        #expect(methods?[0]["convergenceSeconds"] is Double)
    }

    @Test func theJSONHoldsNoWallTime() throws {
        let prepared = try Scenario(nodes: 3, events: 30, peersPerNode: 2).prepared()
        let slow = SimulateReport(prepared, methods: [prepared.run(.cursor) { .seconds(9) }])
        let fast = SimulateReport(prepared, methods: [prepared.run(.cursor)])
        #expect(slow.json() == fast.json())
    }

    @Test func aRunThatDidNotConvergeFailsAndSaysSo() throws {
        let prepared = try Scenario(nodes: 3, events: 30, peersPerNode: 2).prepared()
        // Nobody ever meets: the world as it is at the start.
        let idle = MethodReport(
            .mst, prepared.world(for: .mst), sessions: 0, converged: false)
        let report = SimulateReport(prepared, methods: [idle])
        #expect(!report.isPass)
        #expect(report.json().contains(#""converged":false,"convergenceSeconds":null,"#))
        #expect(report.json().hasSuffix(#""verdict":"fail"}"#))
        #expect(report.table().contains("verdict: fail"))
        #expect(!SimulateReport(prepared, methods: []).isPass)
    }

    @Test func theTableAlignsItsColumnsAndSaysWhatIsNotInIt() throws {
        let report = try report()
        let lines = report.table().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].hasPrefix("5 nodes of 2 neighbors, 45 shared and 5 new events"))
        let rows = lines.dropFirst(2).prefix(5)
        #expect(Set(rows.map(\.count)).count == 1)
        #expect(rows.first?.hasPrefix("method") == true)
        #expect(rows.dropFirst().allSatisfy { $0.hasSuffix("1.25") })
        #expect(report.table().contains("HTTP and TLS are not in them"))
        #expect(report.table().hasSuffix("verdict: pass\n"))
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
