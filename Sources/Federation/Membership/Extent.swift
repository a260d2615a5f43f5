public import Core

/// How much of an origin's chain a node admits.
public enum Extent: Hashable, Comparable, Sendable {
    case upTo(Cut)
    case whole

    /// The cut, nil for the whole chain.
    public var cut: Cut? {
        if case .upTo(let cut) = self { cut } else { nil }
    }

    /// The lower one: what both sides of a comparison admit.
    public static func < (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.upTo(let a), .upTo(let b)): a < b
        case (.upTo, .whole): true
        case (.whole, _): false
        }
    }
}

/// An origin and how much of its chain is admitted: a line of what a session's sides tell each
/// other.
public struct AdmittedOrigin: Hashable, Sendable {
    public var origin: NodeID
    public var extent: Extent

    public init(origin: NodeID, extent: Extent) {
        self.origin = origin
        self.extent = extent
    }
}

/// Why an origin is admitted.
public enum AdmissionReason: Hashable, Sendable {
    /// It is this node.
    case own
    /// The configuration lists it under `origins` or `revocations_from`.
    case policy
    /// It is approved here.
    case approved(PeerRecord.Approval)
    /// It was approved; the registration has ended.
    case ended(PeerRecord.State)
    /// `by` vouches for it, and stands `steps` - 1 steps from an approved peer.
    case vouched(by: NodeID, steps: Int)
    /// The key that it takes over from.
    case successor(of: NodeID)
}
