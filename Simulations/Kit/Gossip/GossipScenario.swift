import Core

/// What `federate simulate --scenario gossip-…` lets the methods do: events of many origins at a
/// steady rate, and a fault.
public struct GossipScenario: Hashable, Sendable {
    /// What goes wrong while events are posted.
    public enum Fault: Hashable, Sendable {
        case none
        /// Part of all segments and messages that is lost.
        case loss(Double)
        /// Percent of the nodes that crash each minute; each is back after 20 s.
        case churn(Int)
        /// Percent of the nodes that crash at once and stay away.
        case crash(Int)
        /// Seconds for which two halves don't hear each other.
        case partition(Int)
    }

    public var name: String
    public var fault: Fault
    /// 2 to 1,000.
    public var nodes: Int
    /// Events that are counted; three of each origin come before.
    public var events: Int
    /// Events a second.
    public var rate: Int
    /// Bytes of each body.
    public var bodyBytes: Int
    /// Peers that each node is registered with, at most.
    public var registered: Int
    /// Neighbors aimed at.
    public var activeView: Int
    public var seed: UInt64

    public init(
        _ name: String, _ fault: Fault, nodes: Int = 50, events: Int = 400, rate: Int = 20,
        bodyBytes: Int = 512, registered: Int = 128, activeView: Int = 6, seed: UInt64 = 1
    ) {
        self.name = name
        self.fault = fault
        self.nodes = nodes
        self.events = events
        self.rate = rate
        self.bodyBytes = bodyBytes
        self.registered = registered
        self.activeView = activeView
        self.seed = seed
    }

    /// Every scenario, by the name that follows "gossip-".
    public static let all: [(name: String, fault: Fault)] = [
        ("steady", .none), ("loss-5", .loss(0.05)), ("loss-20", .loss(0.2)),
        ("churn-5", .churn(5)), ("churn-20", .churn(20)), ("churn-60", .churn(60)),
        ("crash-50", .crash(50)), ("crash-80", .crash(80)), ("crash-90", .crash(90)),
        ("partition-10", .partition(10)), ("partition-60", .partition(60)),
        ("partition-300", .partition(300)),
    ]

    /// Origins that post.
    var origins: Int { min(50, nodes) }

    func check() throws(ScenarioError) {
        try Scenario.check("nodes", nodes, 2...1_000)
        try Scenario.check("events", events, 1...1_000_000)
        try Scenario.check("rate", rate, 1...10_000)
        try Scenario.check("size", bodyBytes, 1...Limits.bodyBytes)
        try Scenario.check("peers-per-node", registered, 1...1_000)
    }
}

/// How events get to everybody.
public enum SpreadMethod: String, CaseIterable, Hashable, Sendable {
    /// Trees over a partial view.
    case gossip
    /// Each node pushes its events to every peer.
    case push
    /// Every node passes everything on to all its neighbors.
    case flood
}
