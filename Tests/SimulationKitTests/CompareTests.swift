import Core
import Testing

@testable import SimulationKit

@Suite(.timeLimit(.minutes(2)))
struct CompareTests {
    @Test func placesAreThoseOfTheDefinition() {
        func places(_ placement: CompareScenario.Placement, _ items: Int, _ d: Int) -> [Int] {
            KeyPair.places(CompareScenario(items: items, different: d, placement: placement))
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
        let pair = KeyPair(CompareScenario(items: 7, different: 3, placement: .recent, seed: 1))
        #expect(pair.initiator.count == 9)
        #expect(pair.responder.count == 8)
        #expect(pair.onlyInitiator == [7, 9].map { KeyPair.key($0, seed: 1) })
        #expect(pair.onlyResponder == [KeyPair.key(8, seed: 1)])
        #expect(pair.initiator == pair.initiator.sorted())
        let key = KeyPair.key(3, seed: 1)
        #expect(key.physical == 1_700_000_000_003_000)
        // sha256sum of "item-1-3".
        #expect(
            key.id.hex == "5e83adcd6dbe185a95b3e0af954492edc29873e65cd9f51350cbf7b10799fb45")
    }

    @Test(arguments: CompareScenario.Placement.allCases, [0, 1, 2, 17, 200])
    func bothMethodsFindTheTrueDifference(
        placement: CompareScenario.Placement, different: Int
    ) throws {
        for items in [0, 1, 1_000] {
            let scenario = CompareScenario(
                items: items, different: different, placement: placement, seed: 5)
            let report = try scenario.run { .zero }
            #expect(report.results.map(\.method) == ["mst", "naive"])
            #expect(report.isPass, "\(scenario)")
        }
    }

    @Test func naiveCostsTheLists() throws {
        let report = try CompareScenario(items: 100, different: 10, placement: .scattered)
            .run { .zero }
        // Two lists of 105 ids with a byte each, the request, two roots with a byte each.
        #expect(report.results[1].bytes == 2 * (1 + 105 * 32) + 1 + 2 * 33)
        #expect(report.results[1].roundTrips == 3)
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
            {"method":"mst","bytes":\(mst.bytes),"roundTrips":1,\
            "cpuMilliseconds":{"initiator":3.000,"responder":1.500},"exact":true},\
            {"method":"naive",
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
}
