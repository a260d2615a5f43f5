/// How the virtual network carries a message: late, twice, or not at all.
///
/// Two ways of carriage. *Datagram-like* are requests and their answers: each message has its own
/// fate; where a node's TCP would send again, here it is a request that times out, so that what the
/// engine does about it is seen. *Stream-like* are long-lived links, and the pages of a stream
/// among themselves: bytes stay in order and none comes twice; what a link loses comes later (as
/// TCP sends it again), and what was sent after it waits.
///
/// Each feature draws from its own generator: switching one on or off leaves the draws of all
/// others as they were.
public struct LinkModel: Hashable, Sendable {
    /// One way; each message draws its own, or each pair of nodes. Not used where there are
    /// `regions`.
    public var latency: LatencyDistribution
    /// Whether a pair of nodes has one latency for the whole run, both ways.
    public var isConstant: Bool
    /// Latencies by place, instead of `latency`.
    public var regions: Regions?
    /// Chance that a message never arrives, 0 to 1, each for itself. On a link: that it must be
    /// sent again.
    public var loss: Double
    /// Losses that come together; they add to `loss`.
    public var bursts: BurstLoss?
    /// Chance that a request arrives twice, 0 to 1, as one that was sent again because the first
    /// answer was slow. The callee answers both; the second answer is dropped. Never on links and
    /// streams.
    public var duplication: Double
    /// Requests and answers that others overtake.
    public var reordering: Reordering?
    /// The line of each node that has none of its own.
    public var bandwidth: Bandwidth
    /// How long whoever asked waits for an answer.
    public var timeout: Duration

    public init(
        latency: LatencyDistribution = .uniform(.milliseconds(10)...(.milliseconds(50))),
        isConstant: Bool = false, regions: Regions? = nil, loss: Double = 0,
        bursts: BurstLoss? = nil, duplication: Double = 0, reordering: Reordering? = nil,
        bandwidth: Bandwidth = .unbounded, timeout: Duration = .seconds(5)
    ) {
        self.latency = latency
        self.isConstant = isConstant
        self.regions = regions
        self.loss = loss
        self.bursts = bursts
        self.duplication = duplication
        self.reordering = reordering
        self.bandwidth = bandwidth
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
