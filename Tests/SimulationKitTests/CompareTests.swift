import Core
import MerkleSearchTree
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
struct CompareTests {
    @Test func placesAreThoseOfTheDefinition() {
        func places(_ placement: CompareScenario.Placement, _ items: Int, _ d: Int) -> [Int] {
            CompareScenario(items: items, different: d, placement: placement).places
        }
        #expect(places(.recent, 10, 3) == [10, 11, 12])
        // floor((2k + 1) n / 2d) with n = 103, d = 3: 17.2, 51.5, 85.8.
        #expect(places(.scattered, 100, 3) == [17, 51, 85])
        #expect(places(.scattered, 0, 4) == [0, 1, 2, 3])
        #expect(places(.random, 5, 0).isEmpty)
        for different in [1, 10, 500, 1_000] {
            let random = places(.random, 1_000 - different, different)
            #expect(random.count == different)
            #expect(Set(random).count == different)
            #expect(random == random.sorted())
            #expect(random.allSatisfy { (0..<1_000).contains($0) })
        }
    }

    @Test func evenOnesAreTheInitiatorsAndOddOnesTheResponders() {
        let scenario = CompareScenario(items: 7, different: 3, placement: .recent, seed: 1)
        var base = CompareBase(scenario)
        let pair = base.pair(scenario)
        #expect(pair.initiator.tree.count == 9)
        #expect(pair.responder.tree.count == 8)
        #expect(pair.onlyInitiator == [7, 9].map(scenario.key))
        #expect(pair.onlyResponder == [scenario.key(8)])
        let key = scenario.key(3)
        #expect(key.physical == 1_700_000_000_003_000)
        // sha256sum of "item-1-3".
        #expect(
            key.id.hex == "5e83adcd6dbe185a95b3e0af954492edc29873e65cd9f51350cbf7b10799fb45")
    }

    @Test(arguments: CompareScenario.Placement.allCases, [0, 1, 2, 17, 200])
    func allMethodsFindTheTrueDifference(
        placement: CompareScenario.Placement, different: Int
    ) throws {
        for items in [0, 1, 1_000] {
            let scenario = CompareScenario(
                items: items, different: different, placement: placement, seed: 5)
            let report = try scenario.run { .zero }
            #expect(report.results.map(\.method) == CompareMethod.allCases)
            #expect(report.isPass, "\(scenario)")
        }
    }

    @Test func naiveCostsTheLists() throws {
        let report = try CompareScenario(items: 100, different: 10, placement: .scattered)
            .run { .zero }
        // Two lists of 105 ids with a byte each, the request, two roots with a byte each.
        let naive = report.results.first { $0.method == .naive }
        #expect(naive?.bytes == 2 * (1 + 105 * 32) + 1 + 2 * 33)
        #expect(naive?.roundTrips == 1)
        #expect(naive?.roundTripsInAll == 3)
    }

    @Test func theJSONIsThatOfTheIssue() throws {
        var time = Duration.zero
        let clock = { () -> Duration in
            time += .microseconds(1_500)
            return time
        }
        let report = try CompareScenario(items: 10, different: 0, placement: .recent, seed: 4)
            .run(cpuClock: clock)
        let mst = report.results[0]
        #expect(mst.roundTrips == 1)
        let expected = """
            {"items":10,"different":0,"placement":"recent","seed":4,"results":[\
            {"method":"mst","bytes":\(mst.bytes),"roundTrips":1,"roundTripsInAll":1,\
            "cpuMilliseconds":{"initiator":3.000,"responder":1.500,\
            "initiatorInAll":3.000,"responderInAll":1.500},"exact":true},\
            {"method":"descent",
            """
        #expect(report.json().hasPrefix(expected))
        #expect(report.json().hasSuffix(#""exact":true}]}"#))
        #expect(report.table().contains("HTTP and TLS are not"))
    }

    @Test func nonsenseIsRefused() {
        #expect(throws: ScenarioError.self) {
            try CompareScenario(items: -1, different: 1, placement: .recent).run { .zero }
        }
        #expect(throws: ScenarioError.self) {
            try CompareScenario(items: 1, different: 1_000_001, placement: .recent).run { .zero }
        }
    }

    @Test(arguments: CompareScenario.Placement.allCases)
    func tablesKeepEachRunAndMeetTheirTargets(placement: CompareScenario.Placement) throws {
        var table = CompareTable()
        let grid = CompareTable.Grid(
            items: [2_000], different: [0, 3, 150], placements: [placement], seeds: 1...2)
        try table.run(grid) { .zero }
        #expect(table.rows.count == 3)
        #expect(table.rows.allSatisfy { $0.runs.count == 2 && $0.isExact })
        for row in table.rows {
            if let target = CompareTarget.of(row) { #expect(target.isMet(by: row), "\(row)") }
        }
        #expect(table.json().contains(#""runs":2"#))
        #expect(table.table().contains(placement.rawValue))
    }

    @Test func aMissedTargetIsSaid() throws {
        var table = CompareTable()
        let grid = CompareTable.Grid(items: [2_000], different: [1], placements: [.behind])
        try table.run(grid) { .zero }
        var row = try #require(table.rows.first)
        #expect(try #require(CompareTarget.of(row)).isMet(by: row))
        row.runs[0].bytes += 1_000
        #expect(try !#require(CompareTarget.of(row)).isMet(by: row))
    }

    @Test func randomSmallCasesAreExact() {
        #expect(RandomCases.firstFailure(1_000, seed: 1) == nil)
    }

    @Test func thePageHoldsALineForEachMethodAndNothingFromOutside() throws {
        var table = CompareTable()
        let grid = CompareTable.Grid(
            items: [1_000], different: [1, 10], placements: [.recent], seeds: 1...1,
            methods: CompareMethod.allCases)
        try table.run(grid) { .zero }
        let page = CompareChart(table).page
        for method in CompareMethod.allCases {
            #expect(page.contains("<polyline class=\"\(method.rawValue)\""))
        }
        #expect(!page.contains("<script"))
        #expect(!page.contains("src="))
    }
}
