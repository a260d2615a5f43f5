public import Core

/// What the gossip layer asks of the log; answers are as of the last durable write.
public protocol GossipLog {
    /// Whether some event stands at this place.
    func holds(_ origin: NodeID, at sequence: UInt64) -> Bool
    /// Whether this very event is held.
    func holds(_ event: Event) -> Bool
    /// Whether events of this origin are taken, as far as this place.
    func admits(_ origin: NodeID, at sequence: UInt64) -> Bool
    /// The highest sequence of the origin; 0 where nothing is held.
    func last(of origin: NodeID) -> UInt64
}
