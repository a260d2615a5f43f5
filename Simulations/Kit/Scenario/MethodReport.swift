import Core

/// What one method did on one divergence.
public struct MethodReport: Sendable {
    public let method: SyncMethod
    public let divergence: Divergence
    /// Always with an outcome.
    public var record: RunRecord

    init(_ method: SyncMethod, _ divergence: Divergence, _ record: RunRecord) {
        self.method = method
        self.divergence = divergence
        self.record = record
    }

    /// Whether all logs were equal at the end: every event everywhere, one root.
    public var isEqual: Bool { record.outcome?.isEqual == true }
    /// Whether it did all that can be asked of it.
    public var isPass: Bool { record.outcome?.isPass == true }
    /// 64 hexadecimal digits; a function of scenario, method and divergence alone.
    public var traceHash: String { record.traceHash }
}

extension RunRecord {
    /// Whether a way to sync did what it is for, where that was asked.
    public struct Outcome: Hashable, Sendable {
        /// Every event everywhere, one root, at the end.
        public var isEqual: Bool
        /// And every node was shown so.
        public var isProven: Bool
        /// Whether the method can show it.
        public var proves: Bool
        /// Whether it can be expected to make such logs equal.
        public var isMeant: Bool
        /// From the last event written until every node held everything, where it ever did.
        public var equalAfter: Duration?
        /// The same until every node was shown so.
        public var provenAfter: Duration?
        /// Sessions of the schedule.
        public var sessions: Int
        /// Encoded bytes of the events that each node lacked, which had to travel once.
        public var neededEventBytes: Int

        /// Whether all that can be expected was done.
        public var isPass: Bool { !isMeant || (isEqual && (isProven || !proves)) }
    }

    /// From written, or from the start for what is older, to durable elsewhere: what half of all
    /// deliveries did not exceed.
    var median: Duration? {
        var all = latencies
        all.merge(catchUp)
        return all.quantile(0.5)
    }
}
