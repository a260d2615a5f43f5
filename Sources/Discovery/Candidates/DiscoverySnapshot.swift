/// What discovery knows at one moment, for status.
public struct DiscoverySnapshot: Sendable, Equatable {
    public var state: DiscoveryState
    /// Ascending by node id. Kept as last seen while discovery is unavailable.
    public var candidates: [Candidate]
    /// How many announcements were passed over since the start, by reason.
    public var refusals: [Refusal: Int]

    public init(
        state: DiscoveryState, candidates: [Candidate] = [], refusals: [Refusal: Int] = [:]
    ) {
        self.state = state
        self.candidates = candidates
        self.refusals = refusals
    }
}
