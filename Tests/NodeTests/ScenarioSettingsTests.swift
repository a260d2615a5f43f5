import Foundation
import Scenarios
import SimulationKit
import Testing

@testable import node

/// A scenario's file as a user names it, which goes another way than those of the library.
@Suite(.timeLimit(.minutes(1)))
struct ScenarioSettingsTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Simulations/Scenarios")

    @Test func everyScenarioOfTheLibraryIsTheSameAsAUsersFile() throws {
        for known in ScenarioLibrary.plans {
            let path = Self.folder.appendingPathComponent("\(known.name).toml").path
            var plan = try Simulate.plan(readingFrom: path)
            #expect(plan.name == path)
            plan.name = known.name
            #expect(plan == known, "\(known.name)")
        }
    }

    @Test(arguments: ["0.05", "-12.5", "+0.5", "15.000000000000001", "7", "1_000", "007"])
    func aScenarioMayHoldNumbersThatAreNotWhole(_ number: String) {
        #expect(SettingsText.problem(in: "a = \(number)", numbers: .decimal) == nil)
    }

    @Test(
        arguments: [
            "1e5", "1.5e3", "1.", "1.2.3", "1_0.5", "00.5", "0x1.8", "5.1234567890123456",
            "1234567890123456.5", "1.+5", "2026-01-01", "0.5f",
        ])
    func unusualNumbersAreRefused(_ number: String) {
        let problem = SettingsText.problem(in: "\n a = \(number)", numbers: .decimal)
        #expect(problem?.line == 2)
        #expect(problem?.what == "\(number) is no number such as 5 or 0.05")
    }

    @Test func aConfigurationHoldsWholeNumbers() {
        #expect(SettingsText.problem(in: "a = 7") == nil)
        #expect(SettingsText.problem(in: "a = 0.05")?.what == "0.05 is no whole number")
    }
}
