import Core

/// How the virtual network carries a message: late, or not at all. Bandwidth has no bound.
public struct LinkModel: Hashable, Sendable {
    /// One way; each message draws its own, evenly, or each pair of nodes.
    public var latency: ClosedRange<Duration>
    /// Whether a pair of nodes has one latency for the whole run, both ways.
    public var isConstant: Bool
    /// Chance that a message never arrives, 0 to 1. The TCP of a real node would send it again;
    /// here it is a request that times out, so that what the engine does about it is seen. What a
    /// long-lived link carries does arrive, as TCP has it: late, and what was sent after it waits.
    public var loss: Double
    /// How long whoever asked waits for an answer.
    public var timeout: Duration

    public init(
        latency: ClosedRange<Duration> = .milliseconds(10)...(.milliseconds(50)),
        isConstant: Bool = false, loss: Double = 0, timeout: Duration = .seconds(5)
    ) {
        self.latency = latency
        self.isConstant = isConstant
        self.loss = loss
        self.timeout = timeout
    }
}

/// How long a node's own work takes. One core and one disk a node: work waits for the work before
/// it.
public struct CostModel: Hashable, Sendable {
    /// Processor time to verify one event.
    public var verify: Duration
    /// From a write to its being durable.
    public var store: Duration
    /// From a query to its answer.
    public var load: Duration

    public init(
        verify: Duration = .microseconds(60), store: Duration = .milliseconds(2),
        load: Duration = .microseconds(200)
    ) {
        self.verify = verify
        self.store = store
        self.load = load
    }
}
