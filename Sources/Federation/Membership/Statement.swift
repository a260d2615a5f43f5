public import Core

/// What an event says about who belongs: the body of one of the control kinds (docs/PROTOCOL.md,
/// "Membership"). Strict deterministic CBOR; a body that is anything else says nothing.
public enum Statement: Hashable, Sendable {
    /// `peer.vouch`: the origin vouches for a node; where there is a cut, no further than to it.
    case vouch(NodeID, upTo: Cut?)
    /// `peer.revoke`: a key is not to be trusted beyond the cut. Of its own key, by which it ends,
    /// an origin says no cut: it counts up to this very event.
    case revoke(NodeID, Cut?)
    /// `peer.rotate`: the origin's key ends with this event, and `successor` goes on for it.
    case rotate(successor: NodeID, proof: [UInt8])

    /// The kind of the event that carries this.
    public var kind: String {
        switch self {
        case .vouch: EventKind.vouch
        case .revoke: EventKind.revoke
        case .rotate: EventKind.rotate
        }
    }

    /// The body that carries this.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        switch self {
        case .vouch(let node, let cut):
            writer.array(2)
            writer.data(node)
            writer.optional(cut) { $0.cut($1) }
        case .revoke(let node, let cut):
            writer.array(2)
            writer.data(node)
            writer.optional(cut) { $0.cut($1) }
        case .rotate(let successor, let proof):
            writer.array(2)
            writer.data(successor)
            writer.data(proof)
        }
        return writer.bytes
    }

    /// What an event of `kind` with this body says; nil where it says nothing.
    public init?(kind: String, body: [UInt8]) {
        guard EventKind.statements.contains(kind), body.count <= 256 else { return nil }
        do throws(CBORError) {
            var reader = CBORReader(body)
            self = try Self.read(kind, &reader)
            try reader.finish()
        } catch {
            return nil
        }
    }

    private static func read(
        _ kind: String, _ reader: inout CBORReader
    ) throws(CBORError) -> Statement {
        try reader.array(exactly: 2)
        let node = try reader.identifier(as: NodeID.self)
        switch kind {
        case EventKind.rotate:
            return .rotate(successor: node, proof: try reader.data(64...64))
        default:
            let cut = try reader.optional { r throws(CBORError) in try r.cut() }
            return kind == EventKind.vouch ? .vouch(node, upTo: cut) : .revoke(node, cut)
        }
    }

    /// Whom it is about.
    public var target: NodeID {
        switch self {
        case .vouch(let node, _), .revoke(let node, _), .rotate(let node, _): node
        }
    }

    /// Whether the key of `origin` ends with this, where that says it.
    func ends(_ origin: NodeID) -> Bool {
        switch self {
        case .vouch: false
        case .revoke(let target, let cut): target == origin && cut == nil
        case .rotate: true
        }
    }

    /// What an event says; nil where it says nothing, or came without its body.
    public init?(_ event: Event) {
        guard let body = event.body else { return nil }
        self.init(kind: event.header.kind, body: body.bytes)
    }

    /// What a successor signs to take over from `old`.
    public static func rotationMessage(from old: NodeID) -> [UInt8] {
        Array("teambook-rotate-v1\0".utf8) + old.bytes
    }
}
