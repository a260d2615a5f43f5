/// Kinds of events that the engine itself reads; all others are opaque to it.
public enum EventKind {
    /// The origin vouches for a node.
    public static let vouch = "peer.vouch"
    /// The origin says that a key is not to be trusted any more.
    public static let revoke = "peer.revoke"
    /// The origin's key names its successor.
    public static let rotate = "peer.rotate"

    /// Those that decide who is admitted; written by the engine alone.
    public static let statements = [vouch, revoke, rotate]
}
