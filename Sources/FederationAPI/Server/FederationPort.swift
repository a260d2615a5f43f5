public import Core
public import Federation

/// Who asks.
public struct Caller: Hashable, Sendable {
    /// Proved by the request's signature; nil where the request proves its sender by itself
    /// (introduce, confirm).
    public var node: NodeID?
    /// Whether the connection comes from this host.
    public var isSameHost: Bool
    /// The other end's address, for logs and for people.
    public var address: String

    /// What the process that signed drew at its start, so that one that was started anew, or has a
    /// copy of the key, can be told from the one before; nil where nothing is signed.
    public var instance: UInt64?
    /// When the request was signed, by its sender's clock, in seconds since 1970. Within a minute
    /// of ours, unless the sender answered a challenge.
    public var signedAt: Int64?

    public init(
        node: NodeID?, isSameHost: Bool, address: String, instance: UInt64? = nil,
        signedAt: Int64? = nil
    ) {
        self.node = node
        self.isSameHost = isSameHost
        self.address = address
        self.instance = instance
        self.signedAt = signedAt
    }
}

/// Pages of a log, given out as fast as they are written to the socket and no faster.
public protocol PageSource: Sendable {
    /// The next page; nil at the end of the stream, and soon after the task was cancelled.
    func next() async -> Page?
}

/// What the public port needs of a node. The server has proved who asks and has read the message;
/// everything else is decided behind this.
public protocol FederationPort: Sendable {
    /// This node.
    var node: NodeID { get }
    /// How a node's registration stands; nil for one that was never heard of, which is answered 403
    /// before its signature is checked. All others reach `respond`.
    func state(of node: NodeID) async -> PeerRecord.State?
    /// Answers any request but `stream`.
    func respond(to request: Federation.Request, from caller: Caller) async -> Federation.Response
    /// Answers `stream`; throws to refuse it.
    func pages(since: Cursor?, for caller: Caller) async throws(Refusal) -> any PageSource
    /// Carries a link that a peer has opened, until it is over; the server closes it when this
    /// returns. `PeerLink.read` ends when the server shuts down; this must return soon after.
    func carry(_ link: PeerLink) async
    /// Counts what was refused before the node saw it. `node` is who the request claimed to be
    /// from, nil where it did not say; seldom is that proven. Called often and from anywhere under
    /// attack: it must be quick.
    func refused(_ code: RefusalCode, by node: NodeID?, address: String)
    /// What the node says about itself.
    func card() async -> NodeCard
}
