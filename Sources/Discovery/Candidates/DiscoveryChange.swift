public import Core

/// What a reader of `AvahiDiscovery.changes` learns, newest truth only: a candidate that came and
/// went while nobody read is not mentioned.
public enum DiscoveryChange: Sendable, Equatable {
    /// First seen, or seen again after `vanished`.
    case appeared(Candidate)
    /// Its endpoints or label are now these.
    case changed(Candidate)
    /// Its last record is gone. No verdict on the node: links to it go on.
    case vanished(NodeID)
    case state(DiscoveryState)
}
