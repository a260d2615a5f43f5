import Core

/// What one method cost, and whether it worked.
public struct MethodReport: Hashable, Sendable {
    /// When nodes came to hold every event, in virtual time since the first session's round began.
    public struct Convergence: Hashable, Sendable {
        /// Half of the nodes were complete.
        public var median: Duration
        /// All were.
        public var last: Duration
    }

    public let method: SyncMethod
    public let traffic: Traffic
    /// Sessions begun; with one schedule for all, only a slower method needs more.
    public let sessions: Int
    /// Whether all logs were equal at the end: every event everywhere, one root.
    public let converged: Bool
    /// Nil where a node stayed incomplete.
    public let convergence: Convergence?
    /// 64 hexadecimal digits; a function of scenario and method alone.
    public let traceHash: String
    /// What the run took here; nil where the caller measured nothing.
    public var wallTime: Duration?

    /// Bytes of messages that are not events.
    public var overheadBytes: Int { traffic.overheadBytes }
    /// Bytes of encoded events, however often they travelled.
    public var eventBytes: Int { traffic.eventBytes }
    /// Requests and answers.
    public var messages: Int { traffic.messages }
    /// Requests that were answered or lost.
    public var roundTrips: Int { traffic.roundTrips }

    init(_ method: SyncMethod, _ simulation: Simulation, sessions: Int, converged: Bool) {
        self.method = method
        traffic = simulation.traffic
        self.sessions = sessions
        self.converged = converged
        traceHash = simulation.traceHash.hex
        let times = simulation.reachedGoal.compactMap { $0 }.sorted()
        if times.count == simulation.nodeCount, let last = times.last {
            convergence = Convergence(
                median: times[(times.count - 1) / 2] - .zero, last: last - .zero)
        } else {
            convergence = nil
        }
    }
}
