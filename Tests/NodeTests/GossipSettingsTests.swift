import Core
import Foundation
import Gossip
import Testing

@testable import node

/// `[gossip]` of config.toml.
@Suite(.timeLimit(.minutes(1)))
struct GossipSettingsTests {
    /// What a file with these lines under [gossip] sets.
    private func settings(_ lines: String) throws -> GossipSettings {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("federate-gossip-\(UUID().uuidString).toml")
        // A temporary file.
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("[gossip]\n\(lines)\n".utf8).write(to: file)
        return try Configuration(readingFrom: file.path).gossipSettings()
    }

    /// Why they are refused; nil where they are not.
    private func problem(_ lines: String) -> String? {
        do {
            _ = try settings(lines)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func whatIsAbsentHasTheEnginesDefault() throws {
        #expect(try settings("") == GossipSettings())
        #expect(try Configuration().gossipSettings() == GossipSettings())
        let standard = GossipSettings()
        #expect(standard.mode == .auto)
        #expect(standard.activeView == 6)
        #expect(standard.passiveView == 36)
        #expect(standard.announceEvery == .milliseconds(20))
        #expect(standard.reconcileEvery == .seconds(10))
        #expect(standard.redialEvery == .seconds(30))
        #expect(standard.shuffleEvery == .seconds(30))
        #expect(standard.rotateEvery == .seconds(600))
        #expect(standard.eagerBytes == 8192)
    }

    @Test(arguments: [
        ("\"auto\"", GossipSettings.Mode.auto), ("true", .on), ("false", .off),
    ])
    func enabledIsTrueFalseOrAuto(_ value: String, _ mode: GossipSettings.Mode) throws {
        #expect(try settings("enabled = \(value)").mode == mode)
    }

    @Test func anyOtherWordIsRefusedByName() {
        #expect(problem("enabled = \"on\"")?.contains("enabled = \"on\"") == true)
        #expect(problem("enabled = \"\"")?.contains("none of true, false") == true)
        #expect(problem("enabled = 1") != nil)
        #expect(problem("activ_view = 6")?.contains("activ_view (line 2)") == true)
        #expect(problem("active_view = \"6\"")?.contains("active_view (line 2)") == true)
    }

    @Test(arguments: [
        ("active_view", 2, 24), ("passive_view", 4, 1024), ("eager_bytes", 0, 131_072),
        ("announce_milliseconds", 1, 1000), ("reconcile_seconds", 1, 86_400),
        ("redial_seconds", 1, 86_400), ("shuffle_seconds", 1, 86_400),
        ("rotate_seconds", 1, 86_400),
    ])
    func eachNumberHasBounds(_ name: String, _ low: Int, _ high: Int) throws {
        for number in [low, high] {
            #expect(try value(name, of: settings("\(name) = \(number)")) == number)
        }
        for number in [low - 1, high + 1, .min, .max] {
            #expect(
                problem("\(name) = \(number)")?
                    .hasSuffix("\(name) = \(number) under [gossip] must be \(low) to \(high)")
                    == true, "\(name) = \(number)")
        }
    }

    private func value(_ name: String, of settings: GossipSettings) throws -> Int {
        switch name {
        case "active_view": settings.activeView
        case "passive_view": settings.passiveView
        case "eager_bytes": settings.eagerBytes
        case "announce_milliseconds": Int(settings.announceEvery.microseconds / 1000)
        case "reconcile_seconds": Int(settings.reconcileEvery.microseconds / 1_000_000)
        case "redial_seconds": Int(settings.redialEvery.microseconds / 1_000_000)
        case "shuffle_seconds": Int(settings.shuffleEvery.microseconds / 1_000_000)
        case "rotate_seconds": Int(settings.rotateEvery.microseconds / 1_000_000)
        default: throw UserError("no such setting: \(name)")
        }
    }

    @Test func oneNumberLeavesTheOthersAlone() throws {
        var expected = GossipSettings()
        expected.redialEvery = .seconds(7)
        #expect(try settings("redial_seconds = 7") == expected)
    }

    @Test func theTextThatANodeWritesSaysTheSame() throws {
        var configuration = Configuration()
        configuration.gossip = GossipTable(enabled: .switched(true), activeView: 9)
        let text = configuration.text()
        #expect(text.contains("[gossip]\nenabled = true\n"))
        #expect(text.contains("active_view = 9\n"))
        #expect(Configuration().text().contains("enabled = \"auto\"\n"))
    }
}
