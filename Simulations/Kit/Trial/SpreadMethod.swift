/// How events get to everybody. All are the engine that nodes run, with settings that, but for the
/// first one, only the simulator sets.
public enum SpreadMethod: String, CaseIterable, Hashable, Sendable {
    /// Trees over a partial view, and comparisons of logs by the Merkle Search Tree.
    case gossip
    /// Each node pushes its events to every peer.
    case push
    /// Every node passes everything on to all its neighbors.
    case flood
}
