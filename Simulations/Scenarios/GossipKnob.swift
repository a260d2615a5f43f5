public import Gossip

/// What a scenario sets of the gossip layer, by the names of a node's configuration; the values are
/// whole numbers.
public enum GossipKnob: String, CaseIterable, Sendable {
    case activeView = "active_view"
    case passiveView = "passive_view"
    case announceMilliseconds = "announce_milliseconds"
    case reconcileSeconds = "reconcile_seconds"
    case redialSeconds = "redial_seconds"
    case shuffleSeconds = "shuffle_seconds"
    case rotateSeconds = "rotate_seconds"
    case eagerBytes = "eager_bytes"

    private var range: ClosedRange<Int> {
        switch self {
        case .activeView: GossipLimits.activeViews
        case .passiveView: 4...1024
        case .announceMilliseconds: 1...1000
        case .reconcileSeconds, .redialSeconds, .shuffleSeconds, .rotateSeconds: 1...86_400
        case .eagerBytes: 0...131_072
        }
    }

    /// Sets the knob of this name.
    public static func set(
        _ name: String, to value: Int, in settings: inout GossipSettings
    ) throws(ScenarioFileError) {
        guard let knob = Self(rawValue: name) else {
            throw ScenarioFileError(
                "gossip.\(name) is none of \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard knob.range.contains(value) else {
            throw ScenarioFileError(
                "gossip.\(name) = \(value) must be \(knob.range.lowerBound) to "
                    + "\(knob.range.upperBound)")
        }
        knob.set(value, in: &settings)
    }

    private func set(_ value: Int, in settings: inout GossipSettings) {
        switch self {
        case .activeView: settings.activeView = value
        case .passiveView: settings.passiveView = value
        case .announceMilliseconds: settings.announceEvery = .milliseconds(value)
        case .reconcileSeconds: settings.reconcileEvery = .seconds(value)
        case .redialSeconds: settings.redialEvery = .seconds(value)
        case .shuffleSeconds: settings.shuffleEvery = .seconds(value)
        case .rotateSeconds: settings.rotateEvery = .seconds(value)
        case .eagerBytes: settings.eagerBytes = value
        }
    }
}
