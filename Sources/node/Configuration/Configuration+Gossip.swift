import Core
import Gossip

/// `[gossip]`; what is absent has the default of `GossipSettings`.
struct GossipTable: Codable, Equatable {
    /// true, false or "auto".
    enum Enabled: Codable, Equatable {
        case switched(Bool)
        case word(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Either type will do; the second error is the one to tell.
            if let isOn = try? container.decode(Bool.self) {
                self = .switched(isOn)
            } else {
                self = .word(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .switched(let isOn): try container.encode(isOn)
            case .word(let word): try container.encode(word)
            }
        }
    }

    var enabled: Enabled?
    var activeView: Int?
    var passiveView: Int?
    var announceMilliseconds: Int?
    var reconcileSeconds: Int?
    var redialSeconds: Int?
    var shuffleSeconds: Int?
    var rotateSeconds: Int?
    var eagerBytes: Int?

    enum CodingKeys: String, CodingKey {
        case enabled
        case activeView = "active_view"
        case passiveView = "passive_view"
        case announceMilliseconds = "announce_milliseconds"
        case reconcileSeconds = "reconcile_seconds"
        case redialSeconds = "redial_seconds"
        case shuffleSeconds = "shuffle_seconds"
        case rotateSeconds = "rotate_seconds"
        case eagerBytes = "eager_bytes"
    }

    /// The table's lines, with a comment on the settings that most nodes look at.
    var lines: [String] {
        let enabled =
            switch enabled {
            case .switched(let isOn)?: "\(isOn)"
            case .word, nil: "\"auto\""
            }
        return [
            "# Events from neighbor to neighbor instead of from each to each: \"auto\" is on",
            "# from 9 peers on; or true, or false. `federate gossip status` shows it.",
            "[gossip]", "enabled = \(enabled)",
            "# Neighbors aimed at, 2 to 24.",
            "active_view = \(activeView ?? GossipSettings().activeView)",
        ]
    }
}

extension Configuration {
    /// The engine's settings; the error names the one that has no meaning.
    func gossipSettings() throws(UserError) -> GossipSettings {
        let given = gossip ?? GossipTable()
        var settings = GossipSettings()
        switch given.enabled {
        case nil, .word("auto")?: settings.mode = .auto
        case .switched(let isOn)?: settings.mode = isOn ? .on : .off
        case .word(let word)?:
            throw UserError("enabled = \"\(word)\" under [gossip] is none of true, false, \"auto\"")
        }
        settings.activeView = try Self.number(
            given.activeView, settings.activeView, "active_view", GossipLimits.activeViews)
        settings.passiveView = try Self.number(
            given.passiveView, settings.passiveView, "passive_view", 4...1024)
        settings.eagerBytes = try Self.number(
            given.eagerBytes, settings.eagerBytes, "eager_bytes", 0...131_072)
        settings.announceEvery = .milliseconds(
            try Self.number(
                given.announceMilliseconds, Int(settings.announceEvery.microseconds / 1000),
                "announce_milliseconds", 1...1000))
        settings.reconcileEvery = try Self.seconds(
            given.reconcileSeconds, settings.reconcileEvery, "reconcile_seconds")
        settings.redialEvery = try Self.seconds(
            given.redialSeconds, settings.redialEvery, "redial_seconds")
        settings.shuffleEvery = try Self.seconds(
            given.shuffleSeconds, settings.shuffleEvery, "shuffle_seconds")
        settings.rotateEvery = try Self.seconds(
            given.rotateSeconds, settings.rotateEvery, "rotate_seconds")
        return settings
    }

    private static func seconds(
        _ given: Int?, _ standard: Duration, _ name: String
    ) throws(UserError) -> Duration {
        .seconds(
            try number(given, Int(standard.microseconds / 1_000_000), name, 1...86_400))
    }

    private static func number(
        _ given: Int?, _ standard: Int, _ name: String, _ range: ClosedRange<Int>
    ) throws(UserError) -> Int {
        guard let given else { return standard }
        guard range.contains(given) else {
            throw UserError(
                "\(name) = \(given) under [gossip] must be "
                    + "\(range.lowerBound) to \(range.upperBound)")
        }
        return given
    }
}
