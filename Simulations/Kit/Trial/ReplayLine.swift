/// Names one run, in a text that goes on a command line as it is:
/// `swarm:seed=17:nodes=6:events=40:without=0,2`.
public struct ReplayLine: Hashable, Sendable {
    public var scenario: String
    public var options: ScenarioRun.Options

    public init(scenario: String, options: ScenarioRun.Options) {
        self.scenario = scenario
        self.options = options
    }

    /// Nil where the text names no run.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let scenario = parts.first, !scenario.isEmpty else { return nil }
        self.init(scenario: scenario, options: ScenarioRun.Options())
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, set(pair[0], pair[1]) else { return nil }
        }
    }

    private mutating func set(_ key: String, _ value: String) -> Bool {
        switch key {
        case "seed":
            guard let seed = UInt64(value) else { return false }
            options.seed = seed
        case "nodes":
            guard let nodes = Int(value) else { return false }
            options.nodes = nodes
        case "events":
            guard let events = Int(value) else { return false }
            options.events = events
        case "method":
            guard let method = SpreadMethod(rawValue: value) else { return false }
            options.method = method
        case "without":
            let places = value.split(separator: ",").map { Int($0) }
            guard places.allSatisfy({ $0 != nil }) else { return false }
            options.without = Set(places.compactMap { $0 })
        default: return false
        }
        return true
    }
}

extension ReplayLine: CustomStringConvertible {
    public var description: String {
        var text = "\(scenario):seed=\(options.seed):nodes=\(options.nodes)"
        if let events = options.events { text += ":events=\(events)" }
        if options.method != .gossip { text += ":method=\(options.method.rawValue)" }
        if !options.without.isEmpty {
            text += ":without=" + options.without.sorted().map(String.init).joined(separator: ",")
        }
        return text
    }
}
