import Core

/// How the virtual network carries a message: late, or not at all. Bandwidth has no bound.
public struct LinkModel: Hashable, Sendable {
    /// One way; each message draws its own, evenly.
    public var latency: ClosedRange<Duration>
    /// Chance that a message never arrives, 0 to 1. The TCP of a real node would send it again;
    /// here it is a request that times out, so that what the engine does about it is seen.
    public var loss: Double
    /// How long whoever asked waits for an answer.
    public var timeout: Duration

    public init(
        latency: ClosedRange<Duration> = .milliseconds(10)...(.milliseconds(50)),
        loss: Double = 0, timeout: Duration = .seconds(5)
    ) {
        self.latency = latency
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
